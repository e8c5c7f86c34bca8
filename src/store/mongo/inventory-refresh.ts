// Brings the unified view up to date: takes the notes of what changed (view-changes.ts), lets the domain say what it says of the changed
// stock documents, runs the pipeline over their SKUs, and removes the notes. Cut off anywhere, the notes are still there and the next run
// does it all again with the same result.
import { type Document, ObjectId } from 'mongodb'
import { summariseStock } from '../../domain/inventory-summary.ts'
import type { ChannelId, Sku } from '../../domain/ids.ts'
import type { Listing } from '../../domain/orders.ts'
import type { KnownSettings } from '../../domain/protection.ts'
import type { ChannelSettings } from '../../domain/settings.ts'
import type { InventoryViewStore } from '../../ports/inventory-view.ts'
import { linksOf, type LinkedSummary } from '../view/links.ts'
import { isOwnSkuName } from '../view/snapshot-names.ts'
import { pageLimit } from '../page.ts'
import { idOf, type StockDocument, stockId, stockKeyOf, toListing, toStock } from './codec.ts'
import { type Connection, reached } from './connection.ts'
import { inventoryPipeline } from './inventory-pipeline.ts'
import { noteStock } from './view-changes.ts'

export interface StockSummaryDocument extends LinkedSummary {
  readonly _id: string
}

/** Notes looked at in one run; more wait for the next. */
const maxNotes = 500
/** Of one pipeline: its rows are held by the server while it groups them. */
const skusAtOnce = 250
const pipelineTimeoutMs = 20_000
/** Before all that are made. */
const firstId = new ObjectId('000000000000000000000000')

interface Notes {
  readonly ids: readonly ObjectId[]
  readonly stockIds: readonly string[]
  readonly names: readonly string[]
  readonly more: boolean
}

/** At least one note, and as many as name about `limit` things. */
const takeNotes = async ({ collections }: Connection, limit: number): Promise<Notes> => {
  const ids: ObjectId[] = []
  const stockIds = new Set<string>()
  const names = new Set<string>()
  const cursor = collections.viewChanges
    .find({ _id: { $gt: firstId } })
    .sort({ _id: 1 })
    .limit(maxNotes)
  for await (const { _id: noteId, ...note } of cursor) {
    if (ids.length > 0 && stockIds.size + names.size + note.stock.length + note.names.length > limit)
      return { ids, stockIds: [...stockIds], names: [...names], more: true }
    ids.push(noteId)
    for (const id of note.stock) stockIds.add(id)
    for (const name of note.names) names.add(name)
  }
  return { ids, stockIds: [...stockIds], names: [...names], more: ids.length === maxNotes }
}

const groupedBy = <T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, readonly T[]> => Map.groupBy(items, key)

/** For each SKU the channels where its text names a listing of another one. */
const takenOn = async (
  { collections }: Connection,
  skus: readonly string[],
  channels: readonly ChannelId[],
): Promise<ReadonlyMap<string, ReadonlySet<ChannelId>>> => {
  const taken = new Map<string, Set<ChannelId>>()
  for (const channel of channels) {
    const found = await collections.listings.find({ channel, keys: { $in: [...skus] } }, { projection: { sku: 1, keys: 1 } }).toArray()
    for (const { sku, keys } of found)
      for (const key of keys) if (key !== (sku as string)) taken.set(key, (taken.get(key) ?? new Set()).add(channel))
  }
  return taken
}

const summarise = async (connection: Connection, stockIds: readonly string[], settings: readonly ChannelSettings[]): Promise<void> => {
  const { collections } = connection
  const documents: readonly StockDocument[] = await collections.stock.find({ _id: { $in: [...stockIds] } }).toArray()
  if (documents.length === 0) return
  const skus = [...new Set(documents.map(({ sku }) => sku))]
  const listings: readonly Listing[] = (await collections.listings.find({ sku: { $in: skus } }).toArray()).map(toListing)
  const bySku = groupedBy(listings, ({ sku }) => sku)
  const known = new Map(settings.map((each) => [each.channel, each]))
  const settingsOf: KnownSettings = (channel) => known.get(channel) ?? null
  const taken = await takenOn(connection, skus, [...known.keys()])
  await collections.stockSummaries.bulkWrite(
    documents.map(toStock).map((stock) => {
      const own = (bySku.get(stock.sku) ?? []).filter(({ pool }) => pool === stock.pool)
      const replacement: LinkedSummary = {
        ...summariseStock(stock, settingsOf),
        links: linksOf(stock.sku, own, [...(taken.get(stock.sku) ?? [])]),
      }
      return { replaceOne: { filter: { _id: stockId(stock) }, replacement, upsert: true } }
    }),
    { ordered: false },
  )
}

const mergeRows = async ({ collections }: Connection, skus: readonly Sku[]): Promise<void> => {
  const summaries = await collections.stockSummaries.find({ sku: { $in: [...skus] } }, { projection: { 'links.name': 1 } }).toArray()
  if (summaries.length === 0) return
  const names = new Set(summaries.flatMap(({ links }) => links.map(({ name }) => name)))
  const pipeline: Document[] = inventoryPipeline({ skus, stockIds: summaries.map(idOf), names: [...names] })
  await collections.stock.aggregate(pipeline, { maxTimeMS: pipelineTimeoutMs }).toArray()
}

const linkedBy = async (
  { collections }: Connection,
  names: readonly string[],
): Promise<readonly Pick<StockSummaryDocument, '_id' | 'sku'>[]> =>
  names.length === 0 ? [] : collections.stockSummaries.find({ 'links.name': { $in: [...names] } }, { projection: { sku: 1 } }).toArray()

export const mongoInventoryRefresh = (connection: Connection): Omit<InventoryViewStore, 'listInventory' | 'readInventory'> => {
  const { collections } = connection
  return {
    refreshInventory: ({ settings, limit }) =>
      reached(async () => {
        const notes = await takeNotes(connection, limit)
        if (notes.ids.length === 0) return { skus: 0, more: false }
        const respelled = await linkedBy(connection, notes.names.filter(isOwnSkuName))
        const stockIds = [...new Set([...notes.stockIds, ...respelled.map(idOf)])]
        for (let i = 0; i < stockIds.length; i += skusAtOnce) await summarise(connection, stockIds.slice(i, i + skusAtOnce), settings)
        const told = await linkedBy(connection, notes.names)
        const skus = [...new Set([...stockIds.map((id) => stockKeyOf(id).sku), ...told.map(({ sku }) => sku)])]
        for (let i = 0; i < skus.length; i += skusAtOnce) await mergeRows(connection, skus.slice(i, i + skusAtOnce))
        await collections.viewChanges.deleteMany({ _id: { $in: [...notes.ids] } })
        return { skus: skus.length, more: notes.more }
      }),
    noteAllInventory: (after, limit) =>
      reached(async () => {
        const rows = pageLimit(limit)
        const found = await collections.stock
          .find({ _id: { $gt: after ?? '' } }, { projection: { _id: 1 } })
          .sort({ _id: 1 })
          .limit(rows)
          .toArray()
        if (found.length > 0) await noteStock(connection, found.map(idOf))
        const last = found.at(-1)
        return found.length < rows || !last ? null : idOf(last)
      }),
    countInventoryNotes: (limit) => reached(() => collections.viewChanges.countDocuments({ _id: { $gt: firstId } }, { limit })),
    removeInventoryNotes: (limit) =>
      reached(async () => {
        const oldest = await collections.viewChanges
          .find({ _id: { $gt: firstId } }, { projection: { _id: 1 } })
          .sort({ _id: 1 })
          .limit(limit)
          .toArray()
        if (oldest.length === 0) return 0
        return (await collections.viewChanges.deleteMany({ _id: { $in: oldest.map(({ _id }) => _id) } })).deletedCount
      }),
  }
}
