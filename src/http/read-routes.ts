// The lists and details of the API. Reads only; every list is paged and answers `{ items, next }`.
import { Hono } from 'hono'
import { z } from 'zod'
import { BelayError } from '../domain/errors.ts'
import { explanationSections } from '../domain/explain-text.ts'
import type { ChannelId, PoolId, Sku } from '../domain/ids.ts'
import { adviceFor, incidentDetails } from '../domain/incident-text.ts'
import { incidentState } from '../domain/incidents.ts'
import { localTimes } from '../domain/local-time.ts'
import type { Clock } from '../ports/clock.ts'
import type { Hub } from '../ports/hub.ts'
import { checkedQuery, pageQuery } from './request-input.ts'
import { stockDetail, stockSummaries } from './stock-view.ts'

const name = z.string().min(1, 'must not be empty').max(200, 'must have at most 200 characters').optional()

const stockQuery = z.strictObject({ ...pageQuery, q: name, pool: name })
const channelQuery = z.strictObject({ ...pageQuery, channel: name })
const skuQuery = z.strictObject({ ...pageQuery, sku: name })
const inboxQuery = z.strictObject({
  limit: pageQuery.limit,
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'must be the "next" of an earlier page')
    .optional(),
  channel: name,
  state: z.enum(['parked', 'pending']).default('parked'),
})

const unknownSku = (sku: string): BelayError =>
  new BelayError('sku-unknown', `There is no SKU ${JSON.stringify(sku.slice(0, 200))}.`, {
    fix: 'Look for it with GET /api/v1/stock?q= and the beginning of its name, or import it.',
  })

/** `timeZone`: in which times are told in sentences. */
export const readRoutes = (hub: Hub, timeZone: string, clock: Pick<Clock, 'nowMs'>): Hono => {
  const app = new Hono()
  const { store } = hub

  app.get('/stock', async (c) => {
    const { q, pool, limit, after } = checkedQuery(stockQuery, c.req.query())
    const page = await store.listStock({
      limit,
      after,
      ...(q === undefined ? {} : { prefix: q }),
      ...(pool === undefined ? {} : { pool: pool as PoolId }),
    })
    return c.json({ ...stockSummaries(page.items, hub.settingsOf), next: page.next })
  })

  // Before the SKU alone, which takes every path.
  app.get('/stock/:sku/explain', async (c) => {
    const sku = c.req.param('sku')
    const pools = await hub.explain(sku as Sku)
    if (pools.length === 0) throw unknownSku(sku)
    return c.json({ sku, timeZone, pools: pools.map((each) => ({ ...each, sections: explanationSections(each, timeZone) })) })
  })

  // A SKU is any text, slashes included.
  app.get('/stock/:sku{.+}', async (c) => {
    const sku = c.req.param('sku')
    const pools = await store.readSku(sku as Sku)
    if (pools.length === 0) throw unknownSku(sku)
    return c.json({ sku, pools: pools.map((stock) => stockDetail(stock, hub.settingsOf)) })
  })

  app.get('/channels', async (c) => c.json({ items: await hub.channelStatus() }))

  app.get('/orders', async (c) => {
    const { channel, limit, after } = checkedQuery(channelQuery, c.req.query())
    const page = await store.listOrders({ limit, after, ...(channel === undefined ? {} : { channel: channel as ChannelId }) })
    // `echo` is between the adapter and its platform.
    return c.json({ items: page.items.map(({ echo: _echo, ...order }) => order), next: page.next })
  })

  app.get('/ledger', async (c) => {
    const { sku, limit, after } = checkedQuery(skuQuery, c.req.query())
    return c.json(await store.listLedger({ limit, after, ...(sku === undefined ? {} : { sku: sku as Sku }) }))
  })

  app.get('/incidents', async (c) => {
    const { sku, limit, after } = checkedQuery(skuQuery, c.req.query())
    const page = await store.listIncidents({ limit, after, ...(sku === undefined ? {} : { sku: sku as Sku }) })
    const time = localTimes(timeZone, clock.nowMs())
    const items = page.items.map((incident) => ({
      ...incident,
      state: incidentState(incident),
      at: time(incident.atMs),
      details: incidentDetails(incident, time),
      whatToDo: adviceFor(incident),
    }))
    return c.json({ items, next: page.next, timeZone })
  })

  app.get('/inbox', async (c) => {
    const { state, channel, limit, after } = checkedQuery(inboxQuery, c.req.query())
    const events = await store.readInbox({
      state,
      limit,
      ...(channel === undefined ? {} : { channel: channel as ChannelId }),
      ...(after === undefined ? {} : { afterSequence: Number(after) }),
    })
    const last = events.at(-1)
    return c.json({
      items: events.map(({ payload: _payload, ...event }) => event),
      next: events.length === limit && last ? String(last.sequence) : null,
    })
  })

  return app
}
