// The second look: every suspicious offer is read live, and compared at once, while the memory of its listing covers the read. What agrees now
// is forgotten; what still differs keeps the facts of this look, by which it is judged.
import { isBelayError } from '../domain/errors.ts'
import { counted, type Explanation, type Finding, type QuantityFacts } from '../domain/reconcile.ts'
import { compareRows } from './reconcile-compare-rows.ts'
import { findingOf } from './reconcile-read.ts'
import { eachFinding, type RunWork } from './reconcile-work.ts'

/** Looks at one offer until its number is not in the midst of trade. */
const maxLooks = 3

export const factsOf = ({ evidence }: Pick<Finding, 'evidence'>): QuantityFacts | null => {
  const facts = evidence['facts']
  return typeof facts === 'object' && facts !== null ? (facts as QuantityFacts) : null
}

/** Forgets findings that are none, and counts why. */
export const explainAway = async (work: RunWork, explained: readonly (readonly [string, Explanation])[]): Promise<void> => {
  if (explained.length === 0) return
  await work.context.store.removeFindings(explained.map(([id]) => id))
  let counts = work.run().explained
  for (const [, reason] of explained) counts = counted(counts, reason)
  await work.save({ explained: counts })
}

/** What one look at some findings showed. Those that need another one are returned. */
const lookAt = async (work: RunWork, findings: readonly Finding[], last: boolean): Promise<readonly Finding[]> => {
  const { context, adapter, run, note, signal } = work
  const open = new Map(findings.map((finding) => [finding.externalId, finding]))
  const again: Finding[] = []
  const kept: Finding[] = []
  const away: (readonly [string, Explanation])[] = []
  const callsBefore = run().calls
  const { calls } = await adapter.sweep({
    scope: { kind: 'offers', externalIds: [...open.keys()] },
    resume: null,
    signal,
    onProgress: () => undefined,
    onRows: async ({ rows }) => {
      for (const row of await compareRows(context, adapter.channel, rows)) {
        const { listing, comparison } = row
        const before = listing ? open.get(listing.externalId) : undefined
        if (!listing || !before) continue
        open.delete(listing.externalId)
        if (!comparison) away.push([before.id, 'listing-removed'])
        else if (comparison.kind === 'agrees') away.push([before.id, 'gone-by-itself'])
        else if (comparison.kind === 'explained') away.push([before.id, comparison.reason])
        else if (comparison.kind === 'quantity' && !comparison.clear) {
          if (last) away.push([before.id, 'trade-in-window'])
          else again.push(before)
        } else {
          const { elsewhereBefore, agreedAtMs } = before.evidence
          const now = findingOf(work, { ...row, listing }, comparison)
          // What was known before the first look, which has written its own since.
          const evidence = { ...now.evidence, elsewhereBefore: elsewhereBefore ?? null, agreedAtMs: agreedAtMs ?? null, looked: true }
          kept.push({ ...now, foundAtMs: before.foundAtMs, evidence })
        }
      }
    },
  })
  note({ calls: callsBefore + calls })
  await context.store.putFindings(kept)
  for (const { id } of open.values()) away.push([id, 'not-answered'])
  await explainAway(work, away)
  return again
}

/** All that is pending and was not looked at again yet. Reads that fail are tried again by the caller, later. */
export const lookAgain = async (work: RunWork): Promise<void> => {
  await eachFinding(work, 'pending', async (findings) => {
    let open: readonly Finding[] = findings.filter(({ evidence }) => evidence['looked'] !== true)
    for (let look = 1; open.length > 0; look++) {
      try {
        open = await lookAt(work, open, look === maxLooks)
      } catch (error) {
        if (!isBelayError(error) || error.kind === 'permanent' || work.signal.aborted || look > maxLooks) throw error
        await work.context.clock.sleep(Math.max(1_000, (error.retryAtMs ?? 0) - work.context.clock.nowMs()), work.signal)
      }
    }
  })
}
