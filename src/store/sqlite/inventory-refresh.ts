// Brings the unified view up to date: takes the notes of what changed (view-changes.ts), lets the domain say what it says of the changed
// stock documents, makes the rows of their SKUs by one statement, and removes the notes. Cut off anywhere, the notes are still there and the
// next run does it all again with the same result. Reads in one view, then writes some rows at a time: nobody waits for the lock for long.
import { summariseStock } from '../../domain/inventory-summary.ts'
import type { ChannelId } from '../../domain/ids.ts'
import type { Listing } from '../../domain/orders.ts'
import type { KnownSettings } from '../../domain/protection.ts'
import type { ChannelSettings } from '../../domain/settings.ts'
import { linksOf, type ViewLink } from '../view/links.ts'
import { isOwnSkuName } from '../view/snapshot-names.ts'
import { toListing, toStock } from './codec.ts'
import type { Connection, Row } from './connection.ts'
import { inventoryRowsSql } from './inventory-sql.ts'

export interface RefreshRequest {
  readonly settings: readonly ChannelSettings[]
  readonly limit: number
}

export interface RefreshResult {
  readonly skus: number
  readonly more: boolean
}

/** Notes looked at in one run; more wait for the next. */
const maxNotes = 500
/** Rows written in one transaction: some milliseconds. */
const skusAtOnce = 50

type Key = readonly [sku: string, pool: string]

interface Notes {
  readonly through: number
  readonly stock: readonly Key[]
  readonly names: readonly string[]
  readonly more: boolean
}

/** At least one note, and as many as name about `limit` things; null: there is none. */
const takeNotes = (connection: Connection, limit: number): Notes | null => {
  const rows = connection.all('SELECT sequence, stock, names FROM view_changes ORDER BY sequence LIMIT ?', maxNotes)
  const stock = new Map<string, Key>()
  const names = new Set<string>()
  let through: number | null = null
  for (const row of rows) {
    const keys = JSON.parse(row['stock'] as string) as readonly Key[]
    const more = JSON.parse(row['names'] as string) as readonly string[]
    if (through !== null && stock.size + names.size + keys.length + more.length > limit)
      return { through, stock: [...stock.values()], names: [...names], more: true }
    through = row['sequence'] as number
    for (const key of keys) stock.set(key.join('\u0000'), key)
    for (const name of more) names.add(name)
  }
  return through === null ? null : { through, stock: [...stock.values()], names: [...names], more: rows.length === maxNotes }
}

interface Summary {
  readonly key: Key
  readonly body: string
  readonly links: readonly ViewLink[]
}

const summariesOf = (connection: Connection, keys: readonly Key[], settingsOf: KnownSettings, channels: readonly ChannelId[]): Summary[] =>
  connection.read(() => {
    const { statement } = connection
    const ownerOf = statement(
      `SELECT l.body ->> '$.sku' AS sku FROM listing_keys k JOIN listings l ON l.id = k.listing WHERE k.channel = ? AND k.key = ?`,
    )
    return keys.flatMap((key): readonly Summary[] => {
      const found = statement('SELECT body FROM stock WHERE sku = ? AND pool = ?').get(...key)
      if (!found) return []
      const stock = toStock(found)
      const listings: readonly Listing[] = statement(`SELECT body FROM listings WHERE body ->> '$.sku' = ?`).all(stock.sku).map(toListing)
      const own = listings.filter(({ pool }) => pool === stock.pool)
      const taken = channels.filter((channel) => {
        const owner = ownerOf.get(channel, stock.sku)
        return owner !== undefined && owner['sku'] !== stock.sku
      })
      return [{ key, body: JSON.stringify(summariseStock(stock, settingsOf)), links: linksOf(stock.sku, own, taken) }]
    })
  })

const writeSummary = ({ statement }: Connection, { key, body, links }: Summary): void => {
  const text = JSON.stringify(links)
  const stored = statement('SELECT links FROM stock_summaries WHERE sku = ? AND pool = ?').get(...key)
  statement(
    `INSERT INTO stock_summaries (sku, pool, links, body) VALUES (?, ?, ?, ?)
     ON CONFLICT (sku, pool) DO UPDATE SET links = excluded.links, body = excluded.body`,
  ).run(...key, text, body)
  if (stored?.['links'] === text) return
  statement('DELETE FROM stock_links WHERE sku = ? AND pool = ?').run(...key)
  for (const { name, listing, unitsPerListing, exceptChannels } of links)
    statement('INSERT INTO stock_links (name, sku, pool, listing, units_per_listing, except_channels) VALUES (?, ?, ?, ?, ?, ?)').run(
      name,
      ...key,
      listing,
      unitsPerListing,
      JSON.stringify(exceptChannels),
    )
}

const listOf = (row: Row | undefined, column: string): readonly string[] =>
  row === undefined ? [] : (JSON.parse(row[column] as string) as readonly string[])

const writeRow = ({ statement }: Connection, row: Row): void => {
  const sku = row['sku'] as string
  const stored = statement('SELECT facets, words FROM inventory_view WHERE sku = ?').get(sku)
  const facets = listOf(row, 'facets')
  statement(
    `INSERT INTO inventory_view (sku, barcode, facets, words, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (sku) DO UPDATE SET
       barcode = excluded.barcode, facets = excluded.facets, words = excluded.words, body = excluded.body`,
  ).run(sku, row['barcode'] as string | null, row['facets'] as string, row['words'] as string, row['body'] as string)
  for (const gone of listOf(stored, 'facets').filter((facet) => !facets.includes(facet)))
    statement('DELETE FROM inventory_facets WHERE facet = ? AND sku = ?').run(gone, sku)
  for (const facet of facets)
    statement(
      `INSERT INTO inventory_facets (facet, sku, changed_at_ms, units_at_risk, drift_units) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (facet, sku) DO UPDATE SET
         changed_at_ms = excluded.changed_at_ms, units_at_risk = excluded.units_at_risk, drift_units = excluded.drift_units`,
    ).run(facet, sku, row['changed_at_ms'] as number, row['units_at_risk'] as number, row['drift_units'] as number)
  if (stored?.['words'] === row['words']) return
  for (const word of listOf(stored, 'words')) statement('DELETE FROM inventory_words WHERE word = ? AND sku = ?').run(word, sku)
  for (const word of listOf(row, 'words')) statement('INSERT INTO inventory_words (word, sku) VALUES (?, ?)').run(word, sku)
}

const inGroups = <T>(items: readonly T[], each: (group: readonly T[]) => void): void => {
  for (let i = 0; i < items.length; i += skusAtOnce) each(items.slice(i, i + skusAtOnce))
}

export const refreshInventory = (connection: Connection, { settings, limit }: RefreshRequest): RefreshResult => {
  const notes = takeNotes(connection, limit)
  if (notes === null) return { skus: 0, more: false }
  const known = new Map(settings.map((each) => [each.channel, each]))
  const channels = [...known.keys()]
  const linked = connection.all(
    'SELECT DISTINCT n.value AS name, l.sku, l.pool FROM json_each(?) n CROSS JOIN stock_links l ON l.name = n.value',
    JSON.stringify(notes.names),
  )
  const respelled = linked
    .filter((row) => isOwnSkuName(row['name'] as string))
    .map((row): Key => [row['sku'] as string, row['pool'] as string])
  inGroups(notes.stock.concat(respelled), (keys) => {
    const summaries = summariesOf(connection, keys, (channel) => known.get(channel) ?? null, channels)
    connection.write(() => summaries.forEach((summary) => writeSummary(connection, summary)))
  })
  const told = connection.all(
    'SELECT DISTINCT l.sku FROM json_each(?) n CROSS JOIN stock_links l ON l.name = n.value',
    JSON.stringify(notes.names),
  )
  const skus = [...new Set([...notes.stock, ...respelled].map(([sku]) => sku).concat(told.map((row) => row['sku'] as string)))]
  inGroups(skus, (group) => {
    const rows = connection.all(inventoryRowsSql, JSON.stringify(group))
    connection.write(() => rows.forEach((row) => writeRow(connection, row)))
  })
  connection.write(() => connection.statement('DELETE FROM view_changes WHERE sequence <= ?').run(notes.through))
  return { skus: skus.length, more: notes.more }
}
