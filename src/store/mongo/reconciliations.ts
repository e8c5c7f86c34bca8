// Runs of reconciliation, their findings, and sightings of listings: one document each. Channel '' stands for the hub's own books.
import type { Document } from 'mongodb'
import type { ChannelId, ListingId } from '../../domain/ids.ts'
import { type Finding, isOver, type Reconciliation } from '../../domain/reconcile.ts'
import type { Listing } from '../../domain/orders.ts'
import type { FindingCount, ReconciliationStore, Sighting } from '../../ports/reconciliations.ts'
import { decodeCursor, pageLimit, pageOf } from '../page.ts'
import { toListing } from './codec.ts'
import { type Connection, isDuplicateKey, reached } from './connection.ts'
import { before, fromNewest } from './paging.ts'

const maxOpen = 100

export interface ReconciliationDocument extends Omit<Reconciliation, 'id' | 'channel'> {
  readonly _id: string
  readonly channel: string
  /** Only until it is over: what the partial index holds. */
  readonly open?: true
}

export interface FindingDocument extends Omit<Finding, 'id' | 'channel' | 'evidence'> {
  readonly _id: string
  readonly channel: string
  readonly evidence: string
  /** Only what reports count. */
  readonly counts?: true
}

export interface SightingDocument extends Omit<Sighting, 'listing'> {
  readonly _id: string
  readonly run: string
}

export const fromRun = ({ id, channel, ...run }: Reconciliation): ReconciliationDocument => ({
  _id: id,
  channel: channel ?? '',
  ...run,
  ...(isOver(run) ? {} : { open: true }),
})
const channelOf = (channel: string): ChannelId | null => (channel === '' ? null : (channel as ChannelId))
export const toRun = ({ _id, channel, open: _open, ...run }: ReconciliationDocument): Reconciliation => ({
  id: _id,
  channel: channelOf(channel),
  ...run,
})

export const fromFinding = ({ id, channel, evidence, ...finding }: Finding): FindingDocument => ({
  _id: id,
  channel: channel ?? '',
  evidence: JSON.stringify(evidence),
  ...finding,
  ...(finding.dryRun || finding.kind === null ? {} : { counts: true }),
})
export const toFinding = ({ _id, channel, evidence, counts: _counts, ...finding }: FindingDocument): Finding => ({
  id: _id,
  channel: channelOf(channel),
  evidence: JSON.parse(evidence) as Finding['evidence'],
  ...finding,
})

/** All findings of a run have their id in it: `{run}/…`. */
const findingsOf = (run: string): { readonly $gt: string; readonly $lt: string } => ({ $gt: `${run}/`, $lt: `${run}0` })

const runs = ({
  collections,
}: Connection): Pick<
  ReconciliationStore,
  'writeReconciliation' | 'readReconciliation' | 'openReconciliations' | 'listReconciliations' | 'removeReconciliationsBefore'
> => ({
  writeReconciliation: (run) =>
    reached(async () => {
      const document = fromRun(run)
      if (run.version > 1)
        return (await collections.reconciliations.replaceOne({ _id: run.id, version: run.version - 1 }, document)).matchedCount === 1
      try {
        await collections.reconciliations.insertOne(document)
        return true
      } catch (error) {
        if (isDuplicateKey(error)) return false
        throw error
      }
    }),
  readReconciliation: (id) =>
    reached(async () => {
      const found = await collections.reconciliations.findOne({ _id: id })
      return found && toRun(found)
    }),
  openReconciliations: (channel) =>
    reached(async () =>
      (
        await collections.reconciliations
          .find({ channel: channel ?? '', open: true })
          .sort({ requestedAtMs: 1 })
          .limit(maxOpen)
          .toArray()
      ).map(toRun),
    ),
  listReconciliations: ({ channel, after, limit }) =>
    reached(async () => {
      const rows = pageLimit(limit)
      const found = await collections.reconciliations
        .find({
          ...(channel === undefined ? {} : { channel: channel ?? '' }),
          ...(after === null ? fromNewest('requestedAtMs') : before(['requestedAtMs', '_id'], decodeCursor(after, [0, '']))),
        } as Document)
        .sort({ requestedAtMs: -1, _id: -1 })
        .limit(rows + 1)
        .toArray()
      return pageOf(found.map(toRun), rows, (run) => [run.requestedAtMs, run.id])
    }),
  removeReconciliationsBefore: (requestedBeforeMs) =>
    reached(async () => {
      const old = await collections.reconciliations
        .find({ requestedAtMs: { $lt: requestedBeforeMs }, open: { $exists: false } }, { projection: { _id: 1 } })
        .toArray()
      for (const { _id } of old) {
        await collections.findings.deleteMany({ _id: findingsOf(_id) })
        await collections.reconciliations.deleteOne({ _id })
      }
      return old.length
    }),
})

const findings = ({
  collections,
}: Connection): Pick<ReconciliationStore, 'putFindings' | 'removeFindings' | 'readFinding' | 'listFindings' | 'countFindings'> => ({
  putFindings: (found) =>
    reached(async () => {
      if (found.length === 0) return
      await collections.findings.bulkWrite(
        found.map((finding) => ({ replaceOne: { filter: { _id: finding.id }, replacement: fromFinding(finding), upsert: true } })),
      )
    }),
  removeFindings: (ids) =>
    reached(async () => {
      if (ids.length > 0) await collections.findings.deleteMany({ _id: { $in: [...ids] } })
    }),
  readFinding: (id) =>
    reached(async () => {
      const found = await collections.findings.findOne({ _id: id })
      return found && toFinding(found)
    }),
  listFindings: ({ run, state, after, limit }) =>
    reached(async () => {
      const rows = pageLimit(limit)
      const range = findingsOf(run)
      const found = await collections.findings
        .find({
          _id: after === null ? range : { $gt: String(decodeCursor(after, [''])[0]), $lt: range.$lt },
          ...(state === undefined ? {} : { state }),
        })
        .sort({ _id: 1 })
        .limit(rows + 1)
        .toArray()
      return pageOf(found.map(toFinding), rows, (finding) => [finding.id])
    }),
  countFindings: ({ fromMs, beforeMs }) =>
    reached(async () => {
      const groups = await collections.findings
        .aggregate<{ readonly _id: Omit<FindingCount, 'count' | 'channel'> & { readonly channel: string }; readonly count: number }>([
          { $match: { counts: true, foundAtMs: { $gte: fromMs, $lt: beforeMs } } },
          { $group: { _id: { channel: '$channel', kind: '$kind', state: '$state' }, count: { $sum: 1 } } },
          { $sort: { _id: 1 } },
        ])
        .toArray()
      return groups.map(({ _id, count }) => ({ ..._id, channel: channelOf(_id.channel), count }))
    }),
})

const sightings = ({ collections }: Connection): Pick<ReconciliationStore, 'putSightings' | 'readSightings' | 'listUnsighted'> => ({
  putSightings: (_channel, run, seen) =>
    reached(async () => {
      if (seen.length === 0) return
      await collections.sightings.bulkWrite(
        seen.map(({ listing, ...sighting }) => ({
          replaceOne: { filter: { _id: listing }, replacement: { run, ...sighting }, upsert: true },
        })),
        { ordered: false },
      )
    }),
  readSightings: (_channel, listings) =>
    reached(async () => {
      if (listings.length === 0) return new Map()
      const found = await collections.sightings.find({ _id: { $in: [...listings] } }).toArray()
      return new Map(found.map(({ _id, run: _run, ...sighting }) => [_id as ListingId, { listing: _id as ListingId, ...sighting }]))
    }),
  listUnsighted: ({ channel, run, after, limit }) =>
    reached(async () => {
      const rows = pageLimit(limit)
      const afterId = after === null ? '' : String(decodeCursor(after, [''])[0])
      const listed = await collections.listings
        .find({ channel, _id: { $gt: afterId } })
        .sort({ _id: 1 })
        .limit(rows + 1)
        .toArray()
      const page = pageOf(listed.map(toListing), rows, (listing) => [listing.id])
      const seen = await collections.sightings
        .find({ _id: { $in: page.items.map(({ id }) => id) }, run }, { projection: { _id: 1 } })
        .toArray()
      const ids = new Set(seen.map(({ _id }) => _id))
      return { items: page.items.filter((listing: Listing) => !ids.has(listing.id)), next: page.next }
    }),
})

export const mongoReconciliations = (connection: Connection): ReconciliationStore => ({
  ...runs(connection),
  ...findings(connection),
  ...sightings(connection),
})
