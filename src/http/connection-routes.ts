// A person's word on whether a listing is there: disconnected, closed since a time, connected again. The engine decides and keeps the word.
import { Hono } from 'hono'
import { z } from 'zod'
import type { Connection } from '../domain/connection.ts'
import { exposureUnits } from '../domain/exposure.ts'
import { type ListingId, type PoolId, type Sku } from '../domain/ids.ts'
import { findListing } from '../domain/stock.ts'
import type { Hub } from '../ports/hub.ts'
import { checked, idText as id, readJson } from './request-input.ts'

const of = { pool: id.default('main'), listing: id }

const request = z.discriminatedUnion('connection', [
  z.strictObject({ ...of, connection: z.literal('connected') }),
  z.strictObject({ ...of, connection: z.literal('disconnected') }),
  z.strictObject({
    ...of,
    connection: z.literal('closed'),
    closedAtMs: z.int('must be a time in whole milliseconds').positive('must be a time in whole milliseconds'),
    ordersAreIn: z.boolean('must be true or false').default(false),
  }),
])

const connectionOf = (body: z.infer<typeof request>): Connection =>
  body.connection === 'closed' ? { kind: 'closed', closedAtMs: body.closedAtMs, ordersAreIn: body.ordersAreIn } : { kind: body.connection }

export const connectionRoutes = (hub: Hub): Hono => {
  const app = new Hono()
  app.put('/connections/:sku{.+}', async (c) => {
    const sku = c.req.param('sku')
    const body = checked(request, await readJson(c.req.raw), 'request-invalid', 'Correct the body; docs/api.md shows one of each kind.')
    const listing = body.listing as ListingId
    const stock = await hub.setConnection({ sku: sku as Sku, pool: body.pool as PoolId, listing, connection: connectionOf(body) })
    const state = findListing(stock, listing)
    return c.json({
      sku,
      pool: stock.pool,
      listing,
      connection: state?.closedAtMs !== undefined ? 'closed' : state?.disconnectedAtMs !== undefined ? 'disconnected' : 'connected',
      closedAtMs: state?.closedAtMs ?? null,
      exposureUnits: state ? exposureUnits(state) : 0,
    })
  })
  return app
}
