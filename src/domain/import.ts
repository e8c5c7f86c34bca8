// Plans an import: rows and the documents as they are now, to the documents as they shall be and a preview for a person. Pure.
// Guarantees: any problem and nothing is planned. Stock rows set levels (a count); each change of a level is one ledger entry whose key
// comes from the import's reference and the line, so that the same import twice is a no-op. A new listing starts as adopting: it
// publishes nothing until it has been fenced. What already holds is left alone.
import { atRiskUnits } from './exposure.ts'
import { type ChannelId, type ListingId, listingIdOf, type LocationId, type PoolId, type StockKey, stockKeyText } from './ids.ts'
import {
  checkListingRow,
  checkStockRows,
  type ImportListingRow,
  type ImportProblem,
  type ImportRows,
  type ImportStockRow,
} from './import-rows.ts'
import type { Incident } from './incidents.ts'
import { type LedgerEntry, onHandAccount } from './ledger.ts'
import type { Fulfilment, Listing } from './orders.ts'
import { defaultRule, type Policy, resolveStock, saidOfListing, saidOfStock, sameStatement } from './rules.ts'
import {
  type AllocationRule,
  emptyStock,
  findListing,
  type ListingState,
  maxListings,
  type Reserve,
  type Stock,
  type RuleStatement,
  withListing,
  type WriteClass,
} from './stock.ts'

/** What a channel's adapter makes of an external id, or why it cannot. */
type ImportAddress =
  | { readonly externalId: string; readonly keys: readonly string[]; readonly fulfilment: Fulfilment; readonly writeClass: WriteClass }
  | { readonly problem: string; readonly fix: string }

export type AddressOf = (channel: ChannelId, externalId: string) => ImportAddress

export interface ImportState {
  stock(key: StockKey): Stock | null
  /** The stored listing that has this key on this channel. */
  listing(channel: ChannelId, key: string): Listing | null
  hasLedgerKey(key: string): boolean
  readonly address: AddressOf
  /** Locations by pool, as configured; null: any. */
  readonly poolLocations: ReadonlyMap<PoolId, readonly LocationId[]> | null
  /** What the rows say is resolved under it at once. */
  readonly policy: Policy
  readonly nowMs: number
}

export interface ImportPlan {
  readonly preview: {
    readonly skusCreated: number
    readonly levelsChanged: number
    readonly listingsCreated: number
    readonly listingsChanged: number
    /** Rows that change nothing. */
    readonly unchanged: number
    readonly problems: readonly ImportProblem[]
    readonly sample: readonly string[]
  }
  /** Only documents that change. */
  readonly stock: readonly Stock[]
  readonly listings: readonly Listing[]
  readonly ledger: readonly LedgerEntry[]
  readonly incidents: readonly Incident[]
}

const maxSample = 20
/** Enough to see the pattern; a file with more is wrong as a whole. */
const maxProblems = 500

const rowKey = (rows: ImportRows, row: ImportStockRow): string => `import/${rows.reference}/stock/${row.line}`

/** What must be read before planImport can decide. */
export const importNeeds = (rows: ImportRows): { readonly stock: readonly StockKey[]; readonly ledgerKeys: readonly string[] } => {
  const stock = new Map<string, StockKey>()
  for (const { sku, pool } of [...rows.stock, ...rows.listings]) stock.set(stockKeyText({ sku, pool }), { sku, pool })
  return { stock: [...stock.values()], ledgerKeys: rows.stock.map((row) => rowKey(rows, row)) }
}

/** The listing keys by channel under which stored listings must be looked up; ids that cannot be parsed are left out. */
export const importListingKeys = (rows: ImportRows, address: AddressOf): ReadonlyMap<ChannelId, readonly string[]> => {
  const keys = new Map<ChannelId, Set<string>>()
  for (const row of rows.listings) {
    const parsed = address(row.channel, row.externalId)
    if ('problem' in parsed) continue
    const known = keys.get(row.channel) ?? new Set()
    for (const key of parsed.keys) known.add(key)
    keys.set(row.channel, known)
  }
  return new Map([...keys].map(([channel, known]) => [channel, [...known]]))
}

/** What grows while the rows are gone through. */
interface Draft {
  readonly stock: Map<string, Stock>
  readonly changed: Set<string>
  readonly listings: Listing[]
  readonly ledger: LedgerEntry[]
  readonly problems: ImportProblem[]
  readonly sample: string[]
  /** Keys named in this file: `{channel} {key}` to the line. */
  readonly keyLines: Map<string, number>
  readonly counts: { skusCreated: number; levelsChanged: number; listingsCreated: number; listingsChanged: number; unchanged: number }
}

const tell = (draft: Draft, text: string): void => {
  if (draft.sample.length < maxSample) draft.sample.push(text)
}

const put = (draft: Draft, stock: Stock, { policy, nowMs }: ImportState): Stock => {
  const key = stockKeyText(stock)
  const next = { ...resolveStock(stock, policy), changedAtMs: nowMs }
  draft.stock.set(key, next)
  draft.changed.add(key)
  return next
}

const planLevel = (draft: Draft, rows: ImportRows, row: ImportStockRow, stock: Stock, created: boolean, nowMs: number): Stock => {
  const before = stock.onHandUnits[row.location] ?? 0
  const found = row.onHandUnits - before
  if (found === 0) return created ? { ...stock, onHandUnits: { ...stock.onHandUnits, [row.location]: row.onHandUnits } } : stock
  const here = onHandAccount(row.location)
  draft.counts.levelsChanged++
  draft.ledger.push({
    key: rowKey(rows, row),
    sku: row.sku,
    pool: row.pool,
    from: found > 0 ? 'adjustment' : here,
    to: found > 0 ? here : 'adjustment',
    units: Math.abs(found),
    reason: found > 0 && stock.version === 0 ? 'receipt' : 'count',
    reference: `${rows.reference}/stock/${row.line}`,
    atMs: nowMs,
    version: stock.version + 1,
  })
  if (!created) tell(draft, `${row.sku}: ${before} -> ${row.onHandUnits} at ${row.location}`)
  return { ...stock, onHandUnits: { ...stock.onHandUnits, [row.location]: row.onHandUnits } }
}

const planStockRow = (draft: Draft, rows: ImportRows, row: ImportStockRow, state: ImportState): void => {
  const key = stockKeyText(row)
  const before = draft.stock.get(key) ?? state.stock(row)
  const created = before === null
  if (created) {
    draft.counts.skusCreated++
    tell(draft, `${row.sku}: new, ${row.onHandUnits} at ${row.location}`)
  }
  let next = planLevel(draft, rows, row, before ?? emptyStock(row.sku, row.pool), created, state.nowMs)
  if (row.title !== undefined && row.title !== next.title) next = { ...next, title: row.title }
  if (row.barcode !== undefined && row.barcode !== next.barcode) next = { ...next, barcode: row.barcode }
  const known = saidOfStock(next)
  const said: RuleStatement = {
    ...known,
    ...(row.bufferUnits === undefined ? {} : { bufferUnits: row.bufferUnits }),
    ...(row.sharing === undefined ? {} : { sharing: row.sharing }),
    ...(row.reserve === undefined ? {} : { reserve: row.reserve }),
  }
  if (!sameStatement(said, known)) next = { ...next, said }
  if (next === before) {
    draft.counts.unchanged++
    return
  }
  const after = put(draft, next, state)
  if (!before) return
  if (after.bufferUnits !== before.bufferUnits) tell(draft, `${row.sku}: buffer ${before.bufferUnits} -> ${after.bufferUnits}`)
  if (row.sharing !== undefined && row.sharing !== (known.sharing ?? 'strict'))
    tell(draft, `${row.sku}: sharing ${known.sharing ?? 'strict'} -> ${row.sharing}`)
  if (reserveText(before.reserve) !== reserveText(after.reserve))
    tell(draft, `${row.sku}: reserve ${reserveText(before.reserve)} -> ${reserveText(after.reserve)}`)
}

const reserveText = (reserve: Reserve | undefined): string =>
  reserve === undefined ? 'none' : 'units' in reserve ? String(reserve.units) : `${reserve.percent}%`

const ruleText = (rule: AllocationRule): string =>
  [
    `${rule.mode} ${rule.value}`,
    ...(rule.capUnits === null ? [] : [`cap ${rule.capUnits}`]),
    ...(rule.hideBelowUnits > 0 ? [`hidden below ${rule.hideBelowUnits}`] : []),
    ...(rule.bufferUnits === undefined ? [] : [`the last ${rule.bufferUnits} not offered`]),
    ...(rule.priority === 0 ? [] : [`priority ${rule.priority}`]),
    ...(rule.hysteresisUnits === undefined ? [] : [`hysteresis ${rule.hysteresisUnits}`]),
    ...(rule.sharing === undefined ? [] : [rule.sharing]),
  ].join(', ')

const newListing = (id: ListingId, row: ImportListingRow, externalId: string, writeClass: WriteClass): ListingState => ({
  id,
  channel: row.channel,
  externalId,
  unitsPerListing: row.unitsPerListing,
  writeClass,
  status: 'adopting',
  rule: defaultRule,
  said: row.rule,
  ruleFrom: {},
  base: 0,
  pushes: [],
  fences: [],
  fencedThroughMs: 0,
  believedQuantity: null,
  believedAtMs: 0,
  sequence: 0,
  nextPushAtMs: 0,
  applied: [],
  cancels: [],
  lateOrders: 0,
  blockedReason: null,
})

const planListingRow = (draft: Draft, row: ImportListingRow, state: ImportState): void => {
  const refuse = (message: string, fix: string): void => {
    draft.problems.push({ file: 'listings', line: row.line, message, fix })
  }
  const stock = draft.stock.get(stockKeyText(row)) ?? state.stock(row)
  if (!stock)
    return refuse(
      `SKU ${row.sku} is not known in pool ${row.pool}`,
      'Add it to the stock file (or correct its spelling), and import both together.',
    )
  const address = state.address(row.channel, row.externalId)
  if ('problem' in address) return refuse(address.problem, address.fix)
  if (address.fulfilment === 'FBA')
    return refuse(`${row.externalId} is fulfilled by Amazon`, 'Leave it out: Amazon counts that stock itself.')
  for (const key of address.keys) {
    const at = `${row.channel}\u0000${key}`
    const line = draft.keyLines.get(at)
    if (line !== undefined) return refuse(`${row.externalId} on ${row.channel} is in line ${line} already`, 'Keep one of the two rows.')
    const stored = state.listing(row.channel, key)
    if (stored && (stored.sku !== row.sku || stored.pool !== row.pool || stored.externalId !== address.externalId))
      return refuse(
        `${row.externalId} on ${row.channel} belongs to SKU ${stored.sku} in pool ${stored.pool}${stored.externalId === address.externalId ? '' : ` as ${stored.externalId}`} already`,
        'A listing belongs to one SKU: correct the row.',
      )
  }
  for (const key of address.keys) draft.keyLines.set(`${row.channel}\u0000${key}`, row.line)

  const id = listingIdOf(row.channel, address.externalId)
  const document: Listing = {
    id,
    channel: row.channel,
    externalId: address.externalId,
    keys: address.keys,
    sku: row.sku,
    pool: row.pool,
    unitsPerListing: row.unitsPerListing,
    fulfilment: address.fulfilment,
  }
  const current = findListing(stock, id)
  if (!current) {
    if (stock.listings.length >= maxListings)
      return refuse(`${row.sku} has ${maxListings} listings already`, 'Split the SKU, or leave listings out.')
    draft.counts.listingsCreated++
    draft.listings.push(document)
    const made = newListing(id, row, address.externalId, address.writeClass)
    const after = put(draft, { ...stock, listings: [...stock.listings, made] }, state)
    const { rule } = findListing(after, id) ?? made
    tell(draft, `${row.sku} on ${row.channel} (${address.externalId}): new listing, ${ruleText(rule)}`)
    return
  }
  const samePack = current.unitsPerListing === row.unitsPerListing
  if (samePack && sameStatement(saidOfListing(current), row.rule)) {
    draft.counts.unchanged++
    return
  }
  // Base and charges count listing quantities: with another pack size they would mean other units.
  if (!samePack && (current.base !== 0 || current.pushes.length > 0))
    return refuse(
      `units_per_listing of ${row.externalId} cannot change from ${current.unitsPerListing} to ${row.unitsPerListing} while the listing may still sell`,
      'Import it with cap 0 first, wait until the listing shows 0, then change the number.',
    )
  draft.counts.listingsChanged++
  if (!samePack) draft.listings.push(document)
  const after = put(draft, withListing(stock, { ...current, unitsPerListing: row.unitsPerListing, said: row.rule }), state)
  const { rule } = findListing(after, id) ?? current
  tell(
    draft,
    `${row.sku} on ${row.channel} (${address.externalId}): ${samePack ? '' : `${current.unitsPerListing} -> ${row.unitsPerListing} units each, `}${ruleText(current.rule)} -> ${ruleText(rule)}`,
  )
}

/** A lower count may leave channels able to sell more than there is: reported at once. */
const atRiskIncidents = (rows: ImportRows, stock: readonly Stock[], state: ImportState): readonly Incident[] =>
  stock.flatMap((each): readonly Incident[] => {
    const before = state.stock(each)
    const units = atRiskUnits(each)
    if (units === 0 || (before && atRiskUnits(before) >= units)) return []
    return [
      {
        id: `at-risk/${rows.reference}/${each.sku}/${each.pool}`,
        kind: 'at-risk',
        channel: null,
        sku: each.sku,
        listing: null,
        units,
        atMs: state.nowMs,
        summary: `${each.sku}: channels may still sell ${units} more than is left after an import; they are being lowered now.`,
        evidence: {
          reference: rows.reference,
          listings: each.listings.map((l) => ({ listing: l.id, base: l.base, open: l.pushes.length })),
        },
      },
    ]
  })

const nothing = (unchanged: number, problems: readonly ImportProblem[], sample: readonly string[]): ImportPlan => ({
  preview: { skusCreated: 0, levelsChanged: 0, listingsCreated: 0, listingsChanged: 0, unchanged, problems, sample },
  stock: [],
  listings: [],
  ledger: [],
  incidents: [],
})

export const planImport = (rows: ImportRows, state: ImportState): ImportPlan => {
  if (rows.stock.some((row) => state.hasLedgerKey(rowKey(rows, row))))
    return nothing(
      rows.stock.length + rows.listings.length,
      [],
      [`This import (${rows.reference}) was applied before: nothing is changed.`],
    )
  const draft: Draft = {
    stock: new Map(),
    changed: new Set(),
    listings: [],
    ledger: [],
    problems: [...checkStockRows(rows.stock, state.poolLocations)],
    sample: [],
    keyLines: new Map(),
    counts: { skusCreated: 0, levelsChanged: 0, listingsCreated: 0, listingsChanged: 0, unchanged: 0 },
  }
  for (const row of rows.stock) planStockRow(draft, rows, row, state)
  for (const row of rows.listings) {
    const problems = checkListingRow(row)
    draft.problems.push(...problems)
    if (problems.length === 0) planListingRow(draft, row, state)
  }
  if (draft.problems.length > 0) {
    const order = { stock: 0, listings: 1 }
    const sorted = draft.problems.sort((a, b) => order[a.file] - order[b.file] || a.line - b.line)
    return nothing(0, sorted.slice(0, maxProblems), draft.sample)
  }
  const stock = [...draft.changed].map((key) => draft.stock.get(key) as Stock)
  return {
    preview: { ...draft.counts, problems: [], sample: draft.sample },
    stock,
    listings: draft.listings,
    ledger: draft.ledger,
    incidents: atRiskIncidents(rows, stock, state),
  }
}
