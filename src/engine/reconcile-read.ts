// The first look: reads a channel whole (or the offers of some SKUs) and keeps what is suspicious as pending findings. Memory stays flat: of
// a batch nothing is left but its findings and what the run counts. A run that was cut off goes on at its last batch; a dry run begins anew,
// because it leaves no sightings behind.
import { isBelayError } from '../domain/errors.ts'
import type { Listing } from '../domain/orders.ts'
import type { Comparison } from '../domain/reconcile-compare.ts'
import { counted, type Finding } from '../domain/reconcile.ts'
import { maxReconciliationRows } from '../ports/reconciliations.ts'
import type { SweepRequest, SweptRow } from '../ports/sweep.ts'
import { type ComparedRow, compareRows } from './reconcile-compare-rows.ts'
import type { RunWork } from './reconcile-work.ts'
import { backoffMs } from './push-record.ts'

/** Suspicious offers kept of a run. More of them mean that the mapping or the platform is wrong: the run stops. */
export const maxPending = 10_000
/** Offers that the hub has no listing for, kept of a run; the others are counted. */
const maxUnknownKept = 1_000
/** Failures in a row after which a run is given up. */
const maxFailures = 8

export const tooManyPending = 'too many offers differ to look at them one by one'

/** What a finding keeps of a comparison: its facts, and how the offer looked besides. */
export const findingOf = (
  { run, context, adapter }: RunWork,
  row: ComparedRow & { readonly listing: Listing },
  comparison: Comparison,
): Finding => {
  const { id, dryRun } = run()
  const nowMs = context.clock.nowMs()
  const facts = comparison.kind === 'quantity' ? comparison.facts : null
  return {
    id: `${id}/${row.listing.id}`,
    run: id,
    channel: adapter.channel,
    listing: row.listing.id,
    externalId: row.listing.externalId,
    sku: row.listing.sku,
    pool: row.listing.pool,
    kind: comparison.kind === 'offer' ? comparison.drift : null,
    state: 'pending',
    dryRun,
    foundAtMs: nowMs,
    changedAtMs: nowMs,
    shown: row.offer.quantity,
    expected: facts?.believed ?? null,
    evidence: {
      ...(comparison.kind === 'offer' ? comparison.evidence : {}),
      ...(facts ? { facts } : {}),
      elsewhereBefore: row.sighting?.elsewhereQuantity ?? null,
      elsewhereNow: row.elsewhereQuantity,
      agreedAtMs: row.sighting?.agreedAtMs ?? null,
    },
  }
}

interface Reading {
  readonly work: RunWork
  /** Of a dry run: what it saw. Bounded by the catalogue. */
  readonly seen: Set<string>
  readonly unknown: Set<string>
  pending: number
}

const unknownOffer = ({ work, unknown }: Reading, { offer }: ComparedRow): Finding | null => {
  const { context, adapter, run, note } = work
  const { id, dryRun, explained, found, notKept } = run()
  if (offer.state === 'gone' || unknown.has(offer.externalId)) return null
  if (offer.fulfilment === 'FBA' || offer.fulfilment === 'retail') {
    note({ explained: counted(explained, 'fulfilled-by-platform') })
    return null
  }
  if (unknown.size >= maxUnknownKept) {
    note({ notKept: notKept + 1 })
    return null
  }
  unknown.add(offer.externalId)
  note({ found: counted(found, 'offer-unknown') })
  const nowMs = context.clock.nowMs()
  return {
    id: `${id}/offer:${offer.externalId}`,
    run: id,
    channel: adapter.channel,
    listing: null,
    externalId: offer.externalId,
    sku: null,
    pool: null,
    kind: 'offer-unknown',
    state: 'flagged',
    dryRun,
    foundAtMs: nowMs,
    changedAtMs: nowMs,
    shown: offer.quantity,
    expected: null,
    evidence: { sku: offer.sku, state: offer.state },
  }
}

const takeRows = async (reading: Reading, rows: readonly SweptRow[]): Promise<readonly Finding[]> => {
  const { work } = reading
  const { context, adapter, run, note } = work
  const findings = new Map<string, Finding>()
  const compared = await compareRows(context, adapter.channel, rows)
  const sightings = []
  for (const row of compared) {
    const { listing, comparison } = row
    if (!listing) {
      const unknown = unknownOffer(reading, row)
      if (unknown) findings.set(unknown.id, unknown)
      continue
    }
    if (!comparison) continue
    const { compared: count, agreed, explained } = run()
    note({ compared: count + 1 })
    if (comparison.kind === 'agrees') note({ agreed: agreed + 1 })
    else if (comparison.kind === 'explained') note({ explained: counted(explained, comparison.reason) })
    else {
      const finding = findingOf(work, { ...row, listing }, comparison)
      findings.set(finding.id, finding)
    }
    if (row.offer.state !== 'gone') {
      reading.seen.add(listing.id)
      sightings.push({
        listing: listing.id,
        // What is in question is compared with how it was before, until it is answered.
        sku: comparison.kind === 'offer' && row.sighting ? row.sighting.sku : row.offer.sku,
        elsewhereQuantity: comparison.kind === 'quantity' && row.sighting ? row.sighting.elsewhereQuantity : row.elsewhereQuantity,
        agreedAtMs: comparison.kind === 'agrees' ? row.fromMs : (row.sighting?.agreedAtMs ?? null),
      })
    }
  }
  if (!run().dryRun) {
    await context.store.putSightings(adapter.channel, run().id, sightings)
    reading.seen.clear()
  }
  return [...findings.values()]
}

/** Offers of the hub that a complete look did not see. */
const findUnseen = async (reading: Reading): Promise<void> => {
  const { work, seen } = reading
  const { context, adapter, run } = work
  const { dryRun, id } = run()
  let after: string | null = null
  do {
    const page: { items: readonly Listing[]; next: string | null } = dryRun
      ? await context.store.listListings({ channel: adapter.channel, after, limit: maxReconciliationRows })
      : await context.store.listUnsighted({ channel: adapter.channel, run: id, after, limit: maxReconciliationRows })
    const gone = page.items.filter((listing) => listing.fulfilment !== 'retail' && !(dryRun && seen.has(listing.id)))
    const nowMs = context.clock.nowMs()
    await context.store.putFindings(
      gone.map((listing) => ({
        id: `${id}/${listing.id}`,
        run: id,
        channel: adapter.channel,
        listing: listing.id,
        externalId: listing.externalId,
        sku: listing.sku,
        pool: listing.pool,
        kind: 'listing-gone' as const,
        state: 'pending' as const,
        dryRun,
        foundAtMs: nowMs,
        changedAtMs: nowMs,
        shown: null,
        expected: null,
        evidence: { notSeen: true },
      })),
    )
    reading.pending += gone.length
    if (reading.pending > maxPending) return
    after = page.next
  } while (after !== null)
}

const scopeOf = async ({ context, adapter, run }: RunWork): Promise<SweepRequest['scope']> => {
  const { skus } = run()
  if (skus === null) return { kind: 'everything' }
  const stocks = (await Promise.all(skus.map((sku) => context.store.readSku(sku)))).flat()
  const externalIds = stocks.flatMap(({ listings }) =>
    listings.filter((each) => each.channel === adapter.channel && each.writeClass !== 'ask-first').map((each) => each.externalId),
  )
  return { kind: 'offers', externalIds: [...new Set(externalIds)] }
}

/**
 * Reads from where the run stands to the end; again after what failed, at growing distance. False: the platform does not tell of all offers,
 * so that nothing follows from what was not seen.
 */
const readAll = async (reading: Reading, scope: SweepRequest['scope']): Promise<boolean> => {
  const { work } = reading
  const { context, adapter, run, save, note, signal } = work
  let failures = 0
  for (;;) {
    signal.throwIfAborted()
    const { calls: callsBefore } = run()
    const progress = { calls: 0 }
    try {
      const result = await adapter.sweep({
        scope,
        resume: run().resume,
        signal,
        onProgress: ({ rowsExpected, calls }) => {
          progress.calls = Math.max(progress.calls, calls)
          note({ rowsExpected, calls: callsBefore + progress.calls })
        },
        onRows: async ({ rows, resume }) => {
          const { dryRun } = run()
          if (!dryRun)
            await context.store.putSnapshots(
              rows.map((row) => ({
                channel: adapter.channel,
                source: row.source,
                key: row.key,
                listingKeys: row.observed?.keys ?? [],
                row: row.row,
                readFromMs: row.readFromMs,
                readThroughMs: row.readThroughMs,
              })),
            )
          const findings = await takeRows(reading, rows)
          await context.store.putFindings(findings)
          reading.pending += findings.filter(({ state }) => state === 'pending').length
          await save({ resume: dryRun ? null : resume, rowsRead: run().rowsRead + rows.length })
          failures = 0
          if (reading.pending > maxPending) throw new Error(tooManyPending)
        },
      })
      note({ calls: callsBefore + result.calls })
      signal.throwIfAborted()
      return result.complete
    } catch (error) {
      if (signal.aborted || (error instanceof Error && error.message === tooManyPending) || !isBelayError(error)) throw error
      failures += 1
      if (error.kind === 'permanent' || failures > maxFailures) throw error
      const waitMs = error.retryAtMs === undefined ? backoffMs(failures, context.random) : error.retryAtMs - context.clock.nowMs()
      if (run().dryRun) {
        note({ rowsRead: 0, compared: 0, agreed: 0, explained: {}, found: {}, notKept: 0 })
        reading.seen.clear()
        reading.unknown.clear()
        reading.pending = 0
      }
      await context.clock.sleep(Math.max(0, waitMs), signal)
    }
  }
}

/** Throws `tooManyPending` when there is more to look at than a run looks at. */
export const readChannel = async (work: RunWork): Promise<void> => {
  const reading: Reading = { work, seen: new Set(), unknown: new Set(), pending: 0 }
  const scope = await scopeOf(work)
  const complete = scope.kind === 'everything' || scope.externalIds.length > 0 ? await readAll(reading, scope) : false
  if (complete && scope.kind === 'everything') await findUnseen(reading)
  if (reading.pending > maxPending) throw new Error(tooManyPending)
}
