// Pages of the unified view. Each is a range of one index, in the index's order; where a row stands is its key, so that a cursor stays true
// while rows change. The order by risk or drift is that of the rows that have any, then the others by SKU.
import type { Document, Filter, FindOptions, Sort } from 'mongodb'
import type { InventoryQuery, InventoryRow, InventoryViewStore } from '../../ports/inventory-view.ts'
import type { Page } from '../../ports/store.ts'
import type { Sku } from '../../domain/ids.ts'
import { afterPrefix, decodeCursor, pageLimit, pageOf, placeAfter } from '../page.ts'
import { anyFacet, type InventoryPlan, maxTitleCandidates, planInventory } from '../view/facets.ts'
import { idOf } from './codec.ts'
import { type Connection, reached } from './connection.ts'
import { mongoInventoryRefresh } from './inventory-refresh.ts'
import { changeKey } from './schema-inventory-view.ts'

export interface InventoryDocument extends Omit<InventoryRow, 'sku'> {
  readonly _id: string
  readonly facets: readonly string[]
  /** As changeKey makes them. */
  readonly changes: readonly string[]
  readonly words: readonly string[]
}

const toRow = ({ _id, facets: _facets, changes: _changes, words: _words, ...rest }: InventoryDocument): InventoryRow => ({
  sku: _id as Sku,
  ...rest,
})

/**
 * Newest first is read in spans of time that grow: what is sorted is a span and not the catalogue.
 */
const firstSpanMs = 125
const mostGrowth = 8

/** As much longer as the rows that are missing make likely, with half as much again. */
const nextSpanMs = (spanMs: number, foundRows: number, missingRows: number): number =>
  Math.ceil(spanMs * (foundRows === 0 ? mostGrowth : Math.min(mostGrowth, Math.max(1, (1.5 * missingRows) / foundRows))))

/** About what it costs to find a page by the index of a facet that one row in fifty answers to. */
const rowsLookedAt = 2500

export const mongoInventory = (connection: Connection): InventoryViewStore => {
  const { inventoryView } = connection.collections

  const find = (filter: Filter<InventoryDocument>, sort: Sort, limit: number, options: FindOptions = {}): Promise<InventoryDocument[]> =>
    inventoryView.find(filter, options).sort(sort).limit(limit).toArray()

  /** Said, because the order asked for is another index's: it would be walked until enough rows of this range have come by. */
  const inRange = (from: string, to: string, sort: Sort, limit: number, withFrom: '$gt' | '$gte'): Promise<InventoryDocument[]> =>
    find({ changes: { $elemMatch: { [withFrom]: from, $lt: to } } }, sort, limit, { hint: 'byChange' })

  /** Most rows answer to most facets that people ask for: a look at the next ones finds a page of them. Few: then the facet's own index does. */
  const bySku = async (facet: string, prefix: string, after: string, rows: number, more: Document = {}): Promise<InventoryDocument[]> => {
    const range = { _id: { $gte: prefix, $lt: afterPrefix(prefix), $gt: after } }
    if (facet === anyFacet && Object.keys(more).length === 0) return find(range, { _id: 1 }, rows)
    const filter = { ...(facet === anyFacet ? {} : { facets: facet }), ...more }
    const near = await inventoryView
      .aggregate<InventoryDocument>([
        { $match: range },
        { $sort: { _id: 1 } },
        { $limit: rowsLookedAt },
        { $match: filter },
        { $limit: rows },
      ])
      .toArray()
    return near.length === rows ? near : find({ facets: facet, ...range, ...more }, { _id: 1 }, rows)
  }

  const byChange = async (facet: string, after: readonly [number, string] | null, rows: number): Promise<readonly InventoryDocument[]> => {
    const found: InventoryDocument[] = []
    if (after) {
      const [changedAtMs, sku] = after
      const [from, to] = [changeKey(facet, changedAtMs, sku), changeKey(facet, changedAtMs + 1)]
      found.push(...(await inRange(from, to, { _id: 1 }, rows, '$gt')))
    }
    let upperMs = after ? after[0] : Number.MAX_SAFE_INTEGER
    let lowerMs = after ? after[0] : connection.clock.nowMs()
    for (let spanMs = firstSpanMs; found.length < rows && upperMs > 0; ) {
      lowerMs = Math.max(0, lowerMs - spanMs)
      const [from, to] = [changeKey(facet, lowerMs), changeKey(facet, upperMs)]
      const inSpan = await inRange(from, to, { changedAtMs: -1, _id: 1 }, rows - found.length, '$gte')
      found.push(...inSpan)
      upperMs = lowerMs
      spanMs = nextSpanMs(spanMs, inSpan.length, rows - found.length)
    }
    return found
  }

  /** `after`: [0, sku] is among the rows that have none. */
  const byMost = async (
    facet: string,
    field: 'unitsAtRisk' | 'driftUnits',
    after: readonly [number, string] | null,
    rows: number,
  ): Promise<readonly InventoryDocument[]> => {
    const found: InventoryDocument[] = []
    if (!after || after[0] > 0) {
      const key = after ? { $or: [{ [field]: { $lt: after[0] } }, { [field]: after[0], _id: { $gt: after[1] } }] } : {}
      const least = after ? { $gt: 0, $lte: after[0] } : { $gt: 0 }
      found.push(...(await find({ facets: facet, [field]: least, ...key }, { [field]: -1, _id: 1 }, rows)))
    }
    if (found.length < rows) found.push(...(await bySku(facet, '', after?.[0] === 0 ? after[1] : '', rows - found.length, { [field]: 0 })))
    return found
  }

  const byFacet = async (
    { facet, sort, prefix }: Extract<InventoryPlan, { by: 'facet' }>,
    { after }: InventoryQuery,
    limit: number,
  ): Promise<Page<InventoryRow>> => {
    if (sort === 'sku') {
      const [afterSku] = after === null ? [''] : decodeCursor(after, [''])
      return pageOf((await bySku(facet, prefix, String(afterSku), limit + 1)).map(toRow), limit, (row) => [row.sku])
    }
    const key = after === null ? null : (decodeCursor(after, [0, '']) as readonly [number, string])
    if (sort === 'changed') {
      const found = await byChange(facet, key, limit + 1)
      return pageOf(found.map(toRow), limit, (row) => [row.changedAtMs, row.sku])
    }
    const field = sort === 'risk' ? 'unitsAtRisk' : 'driftUnits'
    return pageOf((await byMost(facet, field, key, limit + 1)).map(toRow), limit, (row) => [row[field], row.sku])
  }

  const byBarcode = async (prefix: string, after: string | null, limit: number): Promise<Page<InventoryRow>> => {
    const [barcode, sku] = after === null ? [prefix, ''] : decodeCursor(after, ['', ''])
    const range = { $gte: String(barcode), $lt: afterPrefix(prefix) }
    const key =
      after === null ? {} : { $or: [{ barcode: { $gt: String(barcode) } }, { barcode: String(barcode), _id: { $gt: String(sku) } }] }
    const found = await find({ barcode: range, ...key }, { barcode: 1, _id: 1 }, limit + 1)
    return pageOf(found.map(toRow), limit, (row) => [row.barcode ?? '', row.sku])
  }

  const byTitle = async (
    [first, ...rest]: readonly [string, ...string[]],
    after: string | null,
    limit: number,
  ): Promise<Page<InventoryRow>> => {
    const [afterSku] = after === null ? [''] : decodeCursor(after, [''])
    const candidates = { words: first, _id: { $gt: String(afterSku) } }
    if (rest.length === 0) return pageOf((await find(candidates, { _id: 1 }, limit + 1)).map(toRow), limit, (row) => [row.sku])
    const found = await inventoryView
      .aggregate<InventoryDocument>([
        { $match: candidates },
        { $sort: { _id: 1 } },
        { $limit: maxTitleCandidates },
        { $match: { words: { $all: rest } } },
        { $limit: limit + 1 },
      ])
      .toArray()
    const page = pageOf(found.map(toRow), limit, (row) => [row.sku])
    if (page.next !== null) return page
    const last = await inventoryView
      .find(candidates, { projection: { _id: 1 } })
      .sort({ _id: 1 })
      .skip(maxTitleCandidates - 1)
      .limit(1)
      .toArray()
    return last[0] ? { items: page.items, next: placeAfter([idOf(last[0])]) } : page
  }

  return {
    ...mongoInventoryRefresh(connection),
    listInventory: (query) =>
      reached(async () => {
        const plan = planInventory(query)
        const limit = pageLimit(query.limit)
        if (plan.by === 'barcode') return byBarcode(plan.prefix, query.after, limit)
        if (plan.by === 'title') return byTitle(plan.words, query.after, limit)
        return byFacet(plan, query, limit)
      }),
    readInventory: (sku) =>
      reached(async () => {
        const found = await inventoryView.findOne({ _id: sku })
        return found && toRow(found)
      }),
  }
}
