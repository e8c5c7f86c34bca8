// What is done about the findings of a run, by policy. A correction only puts the listing's number in doubt: the protocol reads it and plans
// from what it read. A person's answer goes over the policy.
import type { Incident } from '../domain/incidents.ts'
import { isTooMany, onlyByPerson } from '../domain/reconcile-policy.ts'
import { type Action, type BooksFault, counted, type DriftKind, type Finding } from '../domain/reconcile.ts'
import type { ListingState } from '../domain/stock.ts'
import { lookAgainChange } from './push-changes.ts'
import { eachFinding, type RunWork } from './reconcile-work.ts'
import { listingsOfFindings } from './stock-of-findings.ts'

/** How long a run waits for the protocol to have looked at what it put in doubt. */
const mendWithinMs = 10 * 60_000
const lookEveryMs = 5_000

export const stoppedId = (run: string): string => `reconciliation-stopped/${run}`
export const askedId = (run: string): string => `drift-asked/${run}`

/** Counts the differences of the run, of those that it has a verdict for. */
export const countFound = async (work: RunWork): Promise<number> => {
  let found: Readonly<Partial<Record<DriftKind | BooksFault, number>>> = {}
  const unknown = work.run().found['offer-unknown']
  if (unknown !== undefined) found = { 'offer-unknown': unknown }
  let differences = 0
  await eachFinding(work, 'pending', async (findings) => {
    for (const { kind } of findings) {
      if (kind === null) continue
      found = counted(found, kind)
      differences += 1
    }
  })
  await work.save({ found })
  return differences
}

export const tooMany = (work: RunWork, differences: number): boolean =>
  !work.run().confirmed && isTooMany(differences, work.run().compared, work.policy)

const incidentOf = (work: RunWork, kind: Incident['kind'], id: string, units: number, summary: string): Incident => ({
  id,
  kind,
  channel: work.adapter.channel,
  sku: null,
  listing: null,
  units: 0,
  atMs: work.context.clock.nowMs(),
  summary,
  evidence: { run: work.run().id, count: units, found: work.run().found },
})

const tell = ({ context }: RunWork, incident: Incident): Promise<void> =>
  context.committer.submit({ stock: [], orders: [], ledgerKeys: [], decide: () => ({ incidents: [incident], value: undefined }) })

const over = ({ context }: RunWork, id: string): Promise<void> =>
  context.committer.submit({
    stock: [],
    orders: [],
    ledgerKeys: [],
    decide: (view) => ({ resolvedIncidents: [{ id, atMs: view.nowMs }], value: undefined }),
  })

export const stopRun = async (work: RunWork, reason: string, differences: number): Promise<void> => {
  const { id, dryRun } = work.run()
  if (dryRun) return work.save({ state: 'done', endedAtMs: work.context.clock.nowMs(), message: `It would have stopped: ${reason}.` })
  await work.save({ state: 'stopped', message: `${reason}. Nothing was changed; a person decides.` })
  const summary = `Reconciliation of ${work.adapter.channel} stopped and changed nothing: ${reason}. RUN ${id}.`
  await tell(work, incidentOf(work, 'reconciliation-stopped', stoppedId(id), differences, summary))
}

const actionFor = (work: RunWork, finding: Finding): Action => {
  const kind = finding.kind as DriftKind
  if (finding.evidence['answer'] === 'correct') return 'correct'
  const action = work.policy.actions[kind]
  return action === 'correct' && onlyByPerson.has(kind) ? 'ask' : action
}

const correct = async ({ context, adapter }: RunWork, finding: Finding): Promise<boolean> => {
  if (finding.sku === null || finding.listing === null || finding.pool === null) return false
  const key = { sku: finding.sku, pool: finding.pool as Parameters<typeof lookAgainChange>[0]['pool'] }
  const done = await context.committer.submit(lookAgainChange(key, finding.listing))
  if (done) context.log.info({ channel: adapter.channel, listing: finding.listing, kind: finding.kind }, 'put in doubt by reconciliation')
  return done
}

/** Acts on all that has a verdict. A dry run only says what it would do. */
export const actOnFindings = async (work: RunWork): Promise<void> => {
  const { context, run } = work
  let asked = 0
  await eachFinding(work, 'pending', async (findings) => {
    const acted: Finding[] = []
    let corrected = 0
    for (const finding of findings) {
      if (finding.kind === null) continue
      const action = actionFor(work, finding)
      const changedAtMs = context.clock.nowMs()
      const evidence = { ...finding.evidence, action }
      if (run().dryRun || action === 'flag') acted.push({ ...finding, state: 'flagged', changedAtMs, evidence })
      else if (action === 'ask') acted.push({ ...finding, state: 'asked', changedAtMs, evidence })
      else {
        const done = await correct(work, finding)
        corrected += done ? 1 : 0
        acted.push({ ...finding, state: done ? 'correcting' : 'flagged', changedAtMs, evidence })
      }
    }
    await context.store.putFindings(acted)
    await work.save({ corrected: run().corrected + corrected })
  })
  await eachFinding(work, 'asked', async (findings) => {
    asked += findings.length
  })
  if (run().dryRun) return
  if (run().confirmed) await over(work, stoppedId(run().id))
  if (asked === 0) return over(work, askedId(run().id))
  const summary = `Reconciliation of ${work.adapter.channel}: ${asked} ${asked === 1 ? 'difference wants' : 'differences want'} an answer. RUN ${run().id}.`
  await tell(work, incidentOf(work, 'drift-asked', askedId(run().id), asked, summary))
}

/** Has the protocol looked since, or does it know that it cannot rely on the listing? */
const hasLooked = (listing: ListingState | undefined): boolean =>
  !listing || listing.believedQuantity !== null || (listing.status === 'unprotected' && listing.blockedReason !== null)

/** Waits, within bounds, until the protocol has taken over what was corrected. What it has not by then stays `correcting`. */
export const awaitMended = async (work: RunWork): Promise<void> => {
  const { context, run, signal } = work
  const untilMs = context.clock.nowMs() + mendWithinMs
  for (;;) {
    let open = 0
    await eachFinding(work, 'correcting', async (findings) => {
      const listings = await listingsOfFindings(context.store, findings)
      const mended: Finding[] = []
      for (const finding of findings) {
        if (hasLooked(listings.get(finding.id))) mended.push({ ...finding, state: 'mended', changedAtMs: context.clock.nowMs() })
        else open += 1
      }
      await context.store.putFindings(mended)
      if (mended.length > 0) await work.save({ mended: run().mended + mended.length })
    })
    if (open === 0 || context.clock.nowMs() >= untilMs) return
    await context.clock.sleep(lookEveryMs, signal)
  }
}
