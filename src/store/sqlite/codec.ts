// Rows and what they mean. Documents are stored as the JSON text of exactly the domain's shape.
import type { ChannelId, PoolId, Sku } from '../../domain/ids.ts'
import type { Incident } from '../../domain/incidents.ts'
import type { LedgerAccount, LedgerEntry, MovementReason } from '../../domain/ledger.ts'
import type { Listing, Order } from '../../domain/orders.ts'
import type { Stock } from '../../domain/stock.ts'
import type { StoredInboxEvent, WorkKind, WorkMark } from '../../ports/store.ts'
import type { Row } from './connection.ts'

interface LedgerRow {
  readonly key: string
  readonly sku: string
  readonly pool: string
  readonly from_account: string
  readonly to_account: string
  readonly units: number
  readonly reason: string
  readonly reference: string
  readonly at_ms: number
  readonly version: number
}

interface InboxRow {
  readonly sequence: number
  readonly channel: string
  readonly dedupe_key: string
  readonly topic: string
  readonly payload: string
  readonly received_at_ms: number
  readonly state: string
  readonly reason: string | null
}

const parsedBody = (row: Row): unknown => JSON.parse(row['body'] as string)

export const toStock = (row: Row): Stock => parsedBody(row) as Stock
export const toOrder = (row: Row): Order => parsedBody(row) as Order
export const toListing = (row: Row): Listing => parsedBody(row) as Listing
export const toIncident = (row: Row): Incident => parsedBody(row) as Incident

export const toLedgerEntry = (stored: Row): LedgerEntry => {
  const row = stored as unknown as LedgerRow
  return {
    key: row.key,
    sku: row.sku as Sku,
    pool: row.pool as PoolId,
    from: row.from_account as LedgerAccount,
    to: row.to_account as LedgerAccount,
    units: row.units,
    reason: row.reason as MovementReason,
    reference: row.reference,
    atMs: row.at_ms,
    version: row.version,
  }
}

export const toInboxEvent = (stored: Row): StoredInboxEvent => {
  const row = stored as unknown as InboxRow
  return {
    sequence: row.sequence,
    channel: row.channel as ChannelId,
    dedupeKey: row.dedupe_key,
    topic: row.topic,
    payload: row.payload,
    receivedAtMs: row.received_at_ms,
    state: row.state as StoredInboxEvent['state'],
    reason: row.reason,
  }
}

type MarkTuple = readonly [channel: string, kind: WorkKind, priority: 0 | 1, dueAtMs: number]

const compareMarks = (a: MarkTuple, b: MarkTuple): number => {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1
  return a[1] < b[1] ? -1 : 1
}

/** The same marks give the same text, in whatever order they come. */
export const marksText = (marks: readonly WorkMark[]): string =>
  marks.length === 0 ? '[]' : JSON.stringify(marks.map((m): MarkTuple => [m.channel, m.kind, m.priority, m.dueAtMs]).sort(compareMarks))

export const marksOf = (text: string): readonly WorkMark[] =>
  (JSON.parse(text) as readonly MarkTuple[]).map(([channel, kind, priority, dueAtMs]) => ({
    channel: channel as ChannelId,
    kind,
    priority,
    dueAtMs,
  }))
