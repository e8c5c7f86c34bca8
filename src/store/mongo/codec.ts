// Documents as MongoDB holds them, and the way to and from the domain's shapes.
// - Keys that are text of their own (a location in `onHandUnits`) become pairs: a field name may not hold every character.
// - What is opaque to the hub (`echo`, `evidence`) is JSON text, for the same reason.
// - A compound key is one string, its parts joined by U+001F, which no id contains (isIdText): byte order of the string is the order
//   of the pair, a range of it is all of a SKU, and sharding on a prefix of it keeps a SKU's documents together.
// - Times are epoch milliseconds as numbers; only the inbox has a date, because a TTL index needs one.
import type { ChannelId, LocationId, OrderKey, PoolId, Sku, StockKey } from '../../domain/ids.ts'
import type { Incident } from '../../domain/incidents.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import type { Listing, Order } from '../../domain/orders.ts'
import type { Stock } from '../../domain/stock.ts'
import type { JobState } from '../../ports/schedule.ts'
import type { ChannelReport, SignalCounts } from '../../ports/peers.ts'
import type { SnapshotRow, SnapshotSource } from '../../ports/snapshots.ts'
import type { Cursor, InboxEvent, StoredInboxEvent, WorkMark } from '../../ports/store.ts'
import { snapshotNames } from '../view/snapshot-names.ts'

export const separator = '\u001f'

export interface StockDocument extends Omit<Stock, 'onHandUnits'> {
  readonly _id: string
  readonly onHandUnits: readonly { readonly location: LocationId; readonly units: number }[]
  readonly work: readonly WorkMark[]
}

export interface OrderDocument extends Omit<Order, 'echo'> {
  readonly _id: string
  readonly echo: string | null
}

export interface LedgerDocument extends Omit<LedgerEntry, 'key'> {
  readonly _id: string
}

export interface InboxDocument extends Omit<StoredInboxEvent, 'receivedAtMs'> {
  readonly _id: string
  readonly receivedAt: Date
  /** Only while pending or parked: what the partial indexes hold. */
  readonly open?: true
}

export interface ListingDocument extends Omit<Listing, 'id'> {
  readonly _id: string
}

export interface CursorDocument extends Cursor {
  readonly _id: string
}

export interface IncidentDocument extends Omit<Incident, 'id' | 'evidence'> {
  readonly _id: string
  readonly evidence: string
}

export interface LeaseDocument {
  readonly _id: string
  readonly owner: string
  readonly token: number
  readonly expiresAtMs: number
}

export interface TurnDocument {
  readonly _id: string
  readonly owner: string
  readonly number: number
  readonly untilMs: number
}

/** One term of a lease: what a commit under it writes to. Gone when it is over. */
export interface TermDocument {
  readonly _id: string
  readonly expiresAtMs: number
  /** Counts commits: being written is what makes a commit and the end of its term exclude each other. */
  readonly commits?: number
}

/** The name of the inbox's last sequence among the counters. */
export const inboxCounter = 'inbox'

/** A number under a name: the schema's version, the inbox's last sequence. */
export interface CounterDocument {
  readonly _id: string
  readonly value: number
}

export interface SnapshotDocument extends SnapshotRow {
  readonly _id: string
  /** By which it is found (snapshot-names.ts). */
  readonly names: readonly string[]
}

export interface ScheduleDocument extends Omit<JobState, 'name'> {
  readonly _id: string
  readonly token: number
}

export interface SignalDocument extends Partial<SignalCounts> {
  readonly _id: string
}

export interface ChannelReportDocument extends Omit<ChannelReport, 'channel'> {
  readonly _id: string
}

export interface SettingDocument {
  readonly _id: string
  readonly value: string
}

export const stockId = ({ sku, pool }: StockKey): string => `${sku}${separator}${pool}`
export const orderId = ({ channel, orderId: id }: OrderKey): string => `${channel}${separator}${id}`
export const inboxId = ({ channel, dedupeKey }: Pick<InboxEvent, 'channel' | 'dedupeKey'>): string => `${channel}${separator}${dedupeKey}`
export const cursorId = (channel: ChannelId, stream: string): string => `${channel}${separator}${stream}`

const maxTokenDigits = 15
/** Padded, so that terms of a lease sort by their number. */
export const termId = ({ name, token }: { readonly name: string; readonly token: number }): string =>
  `${name}${separator}${String(token).padStart(maxTokenDigits, '0')}`
export const termsBefore = (lease: { readonly name: string; readonly token: number }): { readonly $gte: string; readonly $lt: string } => ({
  $gte: `${lease.name}${separator}`,
  $lt: termId(lease),
})

/** The key of a stored document. */
export const idOf = ({ _id }: { readonly _id: string }): string => _id

/** All stock documents of exactly this SKU have their `_id` in this range. */
export const skuRange = (sku: Sku): { readonly $gt: string; readonly $lt: string } => ({ $gt: `${sku}${separator}`, $lt: `${sku}\u0020` })

export const stockKeyOf = (id: string): StockKey => {
  const [sku = '', pool = ''] = id.split(separator)
  return { sku: sku as Sku, pool: pool as PoolId }
}

export const fromStock = (stock: Stock, work: readonly WorkMark[]): StockDocument => {
  const { onHandUnits, ...rest } = stock
  return {
    _id: stockId(stock),
    ...rest,
    onHandUnits: Object.entries(onHandUnits).map(([location, units]) => ({ location: location as LocationId, units })),
    work,
  }
}

export const toStock = ({ _id, work: _work, onHandUnits, ...rest }: StockDocument): Stock => ({
  ...rest,
  onHandUnits: Object.fromEntries(onHandUnits.map(({ location, units }) => [location, units])),
})

export const fromOrder = ({ echo, ...rest }: Order): OrderDocument => ({
  _id: orderId(rest),
  ...rest,
  echo: echo === null ? null : JSON.stringify(echo),
})

export const toOrder = ({ _id, echo, ...rest }: OrderDocument): Order => ({
  ...rest,
  echo: echo === null ? null : (JSON.parse(echo) as Order['echo']),
})

export const fromLedgerEntry = ({ key, ...rest }: LedgerEntry): LedgerDocument => ({ _id: key, ...rest })
export const toLedgerEntry = ({ _id, ...rest }: LedgerDocument): LedgerEntry => ({ key: _id, ...rest })

export const fromListing = ({ id, ...rest }: Listing): ListingDocument => ({ _id: id, ...rest })
export const toListing = ({ _id, ...rest }: ListingDocument): Listing => ({ id: _id as Listing['id'], ...rest })

export const fromIncident = ({ id, evidence, ...rest }: Incident): IncidentDocument => ({
  _id: id,
  ...rest,
  evidence: JSON.stringify(evidence),
})
export const toIncident = ({ _id, evidence, ...rest }: IncidentDocument): Incident => ({
  id: _id,
  ...rest,
  evidence: JSON.parse(evidence) as Incident['evidence'],
})

export const fromCursor = (cursor: Cursor): CursorDocument => ({ _id: cursorId(cursor.channel, cursor.stream), ...cursor })

export const fromInboxEvent = (event: InboxEvent, sequence: number): InboxDocument => ({
  _id: inboxId(event),
  channel: event.channel,
  dedupeKey: event.dedupeKey,
  topic: event.topic,
  payload: event.payload,
  receivedAt: new Date(event.receivedAtMs),
  sequence,
  state: 'pending',
  reason: null,
  open: true,
})

export const toInboxEvent = ({ _id, open: _open, receivedAt, ...rest }: InboxDocument): StoredInboxEvent => ({
  ...rest,
  receivedAtMs: receivedAt.getTime(),
})

export const snapshotId = ({ channel, source, key }: Pick<SnapshotRow, 'channel' | 'source' | 'key'>): string =>
  [channel, source, key].join(separator)
export const fromSnapshot = (row: SnapshotRow): SnapshotDocument => ({
  _id: snapshotId(row),
  ...row,
  names: snapshotNames(row),
})
export const toSnapshot = ({ _id, names: _names, ...row }: SnapshotDocument): SnapshotRow => row

/** All readings of a channel, or of one of its sources, have their `_id` in this range. */
export const channelRange = (channel: ChannelId, source?: SnapshotSource): { readonly $gt: string; readonly $lt: string } => {
  const start = source === undefined ? channel : `${channel}${separator}${source}`
  return { $gt: `${start}${separator}`, $lt: `${start}\u0020` }
}
