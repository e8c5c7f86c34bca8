// The unified view over HTTP: a page of SKUs, or one with everything that is known of it. What no index serves is refused (request-invalid).
import { Hono } from 'hono'
import { z } from 'zod'
import { BelayError } from '../domain/errors.ts'
import { coverAt, statusOrder } from '../domain/inventory-summary.ts'
import type { ChannelId, PoolId, Sku } from '../domain/ids.ts'
import type { Clock } from '../ports/clock.ts'
import type { InventoryQuery, InventoryRow, InventoryViewStore } from '../ports/inventory-view.ts'
import type { Page } from '../ports/store.ts'
import { checkedQuery, pageQuery } from './request-input.ts'

const text = z.string().min(1, 'must not be empty').max(200, 'must have at most 200 characters').optional()

const inventoryQuery = z.strictObject({
  ...pageQuery,
  sort: z.enum(['sku', 'risk', 'drift', 'changed']).default('sku'),
  status: z.enum(statusOrder).optional(),
  channel: text,
  pool: text,
  q: text,
  sku: text,
  barcode: text,
  title: text,
})

type Search = NonNullable<InventoryQuery['search']>

/** With their rates as of now. */
const presented = (row: InventoryRow, nowMs: number) => {
  const { milliUnitsPerDay, days } = coverAt(row.availableUnits, row.rate, nowMs)
  return { ...row, velocityMilliUnitsPerDay: milliUnitsPerDay, daysOfCover: days }
}

const searchOf = (query: z.output<typeof inventoryQuery>): Search | null => {
  const given = (['q', 'sku', 'barcode', 'title'] as const).filter((name) => query[name] !== undefined)
  if (given.length > 1)
    throw new BelayError('request-invalid', `${given.join(' and ')} cannot be asked for together.`, {
      fix: 'Search by one of them.',
    })
  for (const by of ['sku', 'barcode', 'title'] as const) {
    const value = query[by]
    if (value !== undefined) return { by, text: value }
  }
  return null
}

/** In this order; the first that finds something is what was meant. */
const meanings = ['sku', 'barcode', 'title'] as const
const isMeaning = (name: string | undefined): name is (typeof meanings)[number] => meanings.some((each) => each === name)

/** What is not said how: the beginning of a SKU, else of a barcode, else words of the title. The cursor remembers which it was. */
const listAny = async (store: InventoryViewStore, query: Omit<InventoryQuery, 'search'>, q: string): Promise<Page<InventoryRow>> => {
  const [before, ...rest] = query.after?.split('.') ?? []
  const known = isMeaning(before) && rest.length > 0 ? before : null
  if (query.after !== null && known === null)
    throw new BelayError('body-malformed', 'The page cursor is not one that this search gave', {
      fix: 'Give back `next` of the previous page as it was, or leave it out to begin at the first page.',
    })
  const filtered = [query.status, query.channel, query.pool].some((filter) => filter !== undefined)
  const tried = known === null ? meanings.filter((by) => by === 'sku' || !filtered) : [known]
  for (const by of tried) {
    // A text without a letter or digit has no words to look for.
    if (by === 'title' && !/[\p{L}\p{N}]/u.test(q)) break
    const page = await store.listInventory({ ...query, search: { by, text: q }, after: known === null ? null : rest.join('.') })
    if (known !== null || page.items.length > 0 || page.next !== null)
      return { items: page.items, next: page.next === null ? null : `${by}.${page.next}` }
  }
  return { items: [], next: null }
}

export const inventoryRoutes = (store: InventoryViewStore, clock: Pick<Clock, 'nowMs'>): Hono => {
  const app = new Hono()

  app.get('/inventory', async (c) => {
    const asked = checkedQuery(inventoryQuery, c.req.query())
    const { sort, status, channel, pool, limit, after, q } = asked
    const search = searchOf(asked)
    const query = {
      sort,
      limit,
      after,
      ...(status === undefined ? {} : { status }),
      ...(channel === undefined ? {} : { channel: channel as ChannelId }),
      ...(pool === undefined ? {} : { pool: pool as PoolId }),
    }
    const page =
      q === undefined ? await store.listInventory(search === null ? query : { ...query, search }) : await listAny(store, query, q)
    return c.json({ items: page.items.map((row) => presented(row, clock.nowMs())), next: page.next })
  })

  // A SKU is any text, slashes included.
  app.get('/inventory/:sku{.+}', async (c) => {
    const sku = c.req.param('sku')
    const row = await store.readInventory(sku as Sku)
    if (row === null)
      throw new BelayError('sku-unknown', `There is no SKU ${JSON.stringify(sku.slice(0, 200))} in the inventory.`, {
        fix: 'Look for it with GET /api/v1/inventory?q=, or import it; what was just imported is there a second later.',
      })
    return c.json(presented(row, clock.nowMs()))
  })

  return app
}
