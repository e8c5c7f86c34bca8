// What people and the scheduler ask of reconciliation: a run is a document that whoever holds the channel finds and works on. Asking and
// answering change nothing else.
import { BelayError } from '../domain/errors.ts'
import type { ChannelId } from '../domain/ids.ts'
import { onlyByPerson } from '../domain/reconcile-policy.ts'
import { type DriftKind, type Finding, isOver, maxScopeSkus, newReconciliation, type Reconciliation } from '../domain/reconcile.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { ReconcileRequest, Reconciler } from '../ports/reconciliations.ts'
import type { Store } from '../ports/store.ts'
import type { Change, Committer } from './change.ts'
import { askedId, stoppedId } from './reconcile-act.ts'

/** Runs that wait for one channel: more of them would all read the same. */
const maxQueued = 10

export interface ReconcilerParts {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly committer: Committer
  readonly channels: readonly ChannelId[]
  /** Wakes who works on it, if it is this process. */
  readonly ring: (channel: ChannelId | null) => void
}

const unknownRun = (id: string): BelayError =>
  new BelayError('not-found', `There is no reconciliation ${id.slice(0, 200)}.`, { fix: 'belay reconcile --list shows them.' })

const over = (id: string): Change<void> => ({
  stock: [],
  orders: [],
  ledgerKeys: [],
  decide: (view) => ({ resolvedIncidents: [{ id, atMs: view.nowMs }], value: undefined }),
})

export const createReconciler = ({ store, clock, random, committer, channels, ring }: ReconcilerParts): Reconciler => {
  const checkScope = async ({ channel, skus }: ReconcileRequest): Promise<void> => {
    if (channel !== null && !channels.includes(channel))
      throw new BelayError('not-found', `There is no channel ${JSON.stringify(channel.slice(0, 200))}.`, {
        fix: `Use one of: ${channels.join(', ') || 'none is configured'}.`,
      })
    if (skus === null) return
    if (skus.length === 0 || skus.length > maxScopeSkus)
      throw new BelayError('request-invalid', `skus: must be 1 to ${maxScopeSkus}`, { fix: 'Leave them out to reconcile everything.' })
    for (const sku of skus)
      if ((await store.readSku(sku)).length === 0)
        throw new BelayError('sku-unknown', `${sku} is not known`, { fix: 'Check the spelling: SKUs are exact.' })
  }

  const queue = async (channel: ChannelId | null, request: ReconcileRequest): Promise<Reconciliation> => {
    const open = await store.openReconciliations(channel)
    const same = open.find(
      (run) => run.state === 'queued' && run.dryRun === request.dryRun && JSON.stringify(run.skus) === JSON.stringify(request.skus),
    )
    // The one that waits will read later than now: it is what was asked for.
    if (same) return same
    if (open.filter(({ state }) => state === 'queued').length >= maxQueued)
      throw new BelayError('overloaded', `${maxQueued} reconciliations wait for ${channel ?? 'the books'} already`, {
        fix: 'Wait for them: belay reconcile --list',
        retryAtMs: clock.nowMs() + 60_000,
      })
    const { skus, dryRun, requestedBy } = request
    const run = newReconciliation({ id: random.uuid(), channel, skus, dryRun, requestedBy, requestedAtMs: clock.nowMs() })
    const stored = { ...run, version: 1 }
    await store.writeReconciliation(stored)
    ring(channel)
    return stored
  }

  const change = async (id: string, from: Reconciliation['state'], to: Partial<Reconciliation>): Promise<Reconciliation> => {
    const run = await store.readReconciliation(id)
    if (!run) throw unknownRun(id)
    const next = { ...run, ...to, version: run.version + 1 }
    if (run.state !== from || !(await store.writeReconciliation(next)))
      throw new BelayError('request-invalid', `Reconciliation ${id} is ${run.state}, not ${from}.`, {
        fix: 'Look at it: belay reconcile --show RUN',
      })
    return next
  }

  const dismissAll = async (run: string, state: Finding['state']): Promise<void> => {
    let after: string | null = null
    do {
      const page: { items: readonly Finding[]; next: string | null } = await store.listFindings({ run, state, after, limit: 500 })
      const changedAtMs = clock.nowMs()
      await store.putFindings(page.items.map((finding) => ({ ...finding, state: 'dismissed' as const, changedAtMs })))
      after = page.next
    } while (after !== null)
  }

  const answer: Reconciler['answer'] = async (id, given) => {
    const finding = await store.readFinding(id)
    if (!finding)
      throw new BelayError('not-found', `There is no finding ${id.slice(0, 400)}.`, { fix: 'belay reconcile --show RUN lists them.' })
    if (finding.state !== 'asked' && finding.state !== 'flagged')
      throw new BelayError('request-invalid', `Finding ${id} is ${finding.state}: it wants no answer.`, { fix: 'Nothing is to be done.' })
    if (given === 'correct' && (finding.channel === null || finding.dryRun || onlyByPerson.has(finding.kind as DriftKind)))
      throw new BelayError('request-invalid', `A ${finding.kind} cannot be corrected by Belay.`, {
        fix: finding.dryRun
          ? 'Run it without --dry-run.'
          : 'Mend the mapping (belay import --listings FILE) or the channel, then dismiss it.',
      })
    const run = await store.readReconciliation(finding.run)
    const changedAtMs = clock.nowMs()
    const evidence = { ...finding.evidence, answer: given, answeredAtMs: changedAtMs }
    const next: Finding = { ...finding, state: given === 'correct' ? 'pending' : 'dismissed', changedAtMs, evidence }
    if (run && !isOver(run))
      throw new BelayError('request-invalid', `Reconciliation ${run.id} is still ${run.state}.`, { fix: 'Answer when it is done.' })
    await store.putFindings([next])
    const { items } = await store.listFindings({ run: finding.run, state: 'asked', after: null, limit: 1 })
    if (items.length === 0) await committer.submit(over(askedId(finding.run)))
    if (given === 'correct' && run) {
      await change(run.id, run.state, { state: 'acting', endedAtMs: null, confirmed: true })
      ring(finding.channel)
    }
    return next
  }

  return {
    request: async (request) => {
      await checkScope(request)
      const wanted = request.channel === null ? channels : [request.channel]
      const runs: Reconciliation[] = []
      for (const channel of wanted) runs.push(await queue(channel, request))
      return runs
    },
    audit: (requestedBy) => queue(null, { channel: null, skus: null, dryRun: false, requestedBy }),
    resume: async (id) => {
      const run = await store.readReconciliation(id)
      if (!run) throw unknownRun(id)
      // Stopped while it was read: then most of it was never looked at.
      const unread = run.resume !== null && run.rowsExpected !== null && run.rowsRead < run.rowsExpected
      if (unread)
        throw new BelayError(
          'request-invalid',
          `Reconciliation ${id} stopped before it had read the channel: there is nothing to go on with.`,
          {
            fix: 'Mend the mapping, dismiss this run, and reconcile again.',
          },
        )
      const next = await change(id, 'stopped', { state: 'acting', confirmed: true, message: null })
      ring(next.channel)
      return next
    },
    dismiss: async (id) => {
      const next = await change(id, 'stopped', { state: 'done', endedAtMs: clock.nowMs(), message: 'Dismissed by a person.' })
      await dismissAll(id, 'pending')
      await committer.submit(over(stoppedId(id)))
      return next
    },
    answer,
  }
}
