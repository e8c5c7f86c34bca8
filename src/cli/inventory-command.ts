// `belay inventory`: the unified view as a table, or one SKU with what every channel should show, was sent, took and shows.
import type { InventoryRow } from '../ports/inventory-view.ts'
import { unitsText } from '../domain/plain-words.ts'
import type { HubClient } from './hub-client.ts'
import { printable } from './live-lines.ts'
import { dateText } from './read-commands.ts'
import { tableText } from './table.ts'
import type { Terminal } from './terminal.ts'

export interface InventoryOptions {
  readonly json?: boolean
  readonly limit?: string
  readonly status?: string
  readonly channel?: string
  readonly pool?: string
  readonly sort?: string
  readonly search?: string
}

interface ShownRow extends InventoryRow {
  readonly velocityMilliUnitsPerDay: number | null
  readonly daysOfCover: number | null
}

const statusText = ({ status, unitsAtRisk, reasons }: InventoryRow): string => {
  if (status === 'at-risk') return `At risk ${unitsText(unitsAtRisk)}`
  if (status === 'unprotected') return `Unprotected: ${reasons.join(', ')}`
  return status === 'protected' ? 'Protected' : 'Not offered'
}

const coverText = (row: ShownRow): string | null => (row.daysOfCover === null ? null : `${row.daysOfCover} d`)

const header = ['sku', 'title', 'available', 'on hand', 'reserved', 'drift', 'fba', 'cover', 'status']
const lineOf = (row: ShownRow) => [
  row.sku,
  row.title,
  row.availableUnits,
  row.onHandUnits,
  row.reservedUnits,
  row.driftUnits,
  row.fbaUnits,
  coverText(row),
  statusText(row),
]

const rateText = (milliUnitsPerDay: number | null): string =>
  milliUnitsPerDay === null ? 'nothing has sold yet' : `sells ${(milliUnitsPerDay / 1000).toFixed(1)} a day`

const detailText = (row: ShownRow): string => {
  const listings = row.listings.map((l) => [
    l.channel,
    l.externalId,
    l.desiredQuantity,
    l.sentQuantity,
    l.acceptedQuantity,
    l.observedQuantity,
    l.driftQuantity,
    l.observedThroughMs === null ? 'never read' : `${dateText(l.observedThroughMs)} by ${l.observedSource ?? ''}`,
  ])
  const pools = row.pools.map((p) => [
    p.pool,
    p.onHandByLocation.map(({ location, units }) => `${location} ${units}`).join(', '),
    p.reservedUnits,
    p.bufferUnits,
    p.availableUnits,
  ])
  const amazon = [
    ...row.fba.map(
      (f) => `FBA ${f.sellerSku} on ${f.channel}: ${f.fulfillableUnits} to sell, ${f.reservedUnits} reserved, ${f.inboundUnits} inbound.`,
    ),
    ...row.vendor.map((v) => `Amazon owns ${v.sellableUnits ?? 'an unknown number'} of ${v.asin} (${v.channel}).`),
  ]
  return [
    `${row.sku}  ${row.title}${row.barcode === null ? '' : `  (${row.barcode})`}`,
    `${statusText(row)}. ${row.availableUnits} available; ${rateText(row.velocityMilliUnitsPerDay)}${row.daysOfCover === null ? '' : `, enough for ${row.daysOfCover} days`}.`,
    '',
    tableText(['pool', 'on hand', 'reserved', 'buffer', 'available'], pools),
    ...(listings.length > 0
      ? ['', tableText(['channel', 'listing', 'desired', 'sent', 'accepted', 'observed', 'drift', 'last read'], listings)]
      : []),
    ...(amazon.length > 0 ? ['', ...amazon.map(printable)] : []),
  ].join('\n')
}

const queryOf = ({ limit, status, channel, pool, sort, search }: InventoryOptions): string => {
  const query = new URLSearchParams()
  const given = { limit, status, channel, pool, sort, q: search }
  for (const [name, value] of Object.entries(given)) if (value !== undefined) query.set(name, value)
  return query.toString()
}

export const showInventory = async (
  sku: string | undefined,
  options: InventoryOptions,
  client: HubClient,
  terminal: Terminal,
): Promise<void> => {
  if (sku !== undefined) {
    const row = await client.get<ShownRow>(`/api/v1/inventory/${encodeURIComponent(sku)}`)
    terminal.print(options.json === true ? JSON.stringify(row, null, 2) : detailText(row))
    return
  }
  const page = await client.get<{ readonly items: readonly ShownRow[]; readonly next: string | null }>(
    `/api/v1/inventory?${queryOf(options)}`,
  )
  if (options.json === true) {
    terminal.print(JSON.stringify(page, null, 2))
    return
  }
  terminal.print(page.items.length === 0 ? 'None.' : tableText(header, page.items.map(lineOf)))
  if (page.next !== null) terminal.print('There are more: raise --limit (at most 500), or filter.')
}
