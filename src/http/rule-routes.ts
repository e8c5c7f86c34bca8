// Rules over the API: what the configuration says, what is said for a SKU and its listings, what comes of it and which level each field came
// from; and saying it. A PUT replaces all that its level says, so that sending it twice changes nothing.
import { Hono } from 'hono'
import { z } from 'zod'
import { channelRuleSchema, statementOf, statementProblems, wholeRuleSchema } from '../config/rules.ts'
import { BelayError } from '../domain/errors.ts'
import { type ListingId, type PoolId, type Sku } from '../domain/ids.ts'
import { defaultRule, ruleLevels, saidOfListing, saidOfStock } from '../domain/rules.ts'
import type { RuleStatement, Stock } from '../domain/stock.ts'
import type { Hub } from '../ports/hub.ts'
import { checked, idText as id, readJson } from './request-input.ts'

const request = z.union([
  z.strictObject({ pool: id.default('main'), listing: z.null().default(null), rule: wholeRuleSchema }),
  z.strictObject({ pool: id.default('main'), listing: id, rule: channelRuleSchema }),
])

/** As it is written: the reserve in one of two fields. */
const written = ({ reserve, ...rest }: RuleStatement) => ({
  ...rest,
  ...(reserve === undefined ? {} : 'units' in reserve ? { reserveUnits: reserve.units } : { reservePercent: reserve.percent }),
})

/** `from`: the level that each field came from; one that is not named is the default. */
const rulesOf = (stock: Stock) => ({
  pool: stock.pool,
  said: written(saidOfStock(stock)),
  resolved: written({ bufferUnits: stock.bufferUnits, sharing: stock.sharing, ...(stock.reserve ? { reserve: stock.reserve } : {}) }),
  from: stock.ruleFrom ?? {},
  listings: stock.listings.map((listing) => ({
    listing: listing.id,
    channel: listing.channel,
    said: written(saidOfListing(listing)),
    resolved: listing.rule,
    from: listing.ruleFrom ?? {},
  })),
})

export const ruleRoutes = (hub: Hub): Hono => {
  const app = new Hono()

  app.get('/rules', (c) => {
    const { catalogue, channels } = hub.policy
    const said = Object.fromEntries(Object.entries(channels).map(([channel, statement]) => [channel, written(statement)]))
    return c.json({ levels: ruleLevels, default: defaultRule, catalogue: written(catalogue), channels: said })
  })

  // A SKU is any text, slashes included.
  app.get('/rules/:sku{.+}', async (c) => {
    const sku = c.req.param('sku')
    const pools = await hub.store.readSku(sku as Sku)
    if (pools.length === 0)
      throw new BelayError('sku-unknown', `There is no SKU ${JSON.stringify(sku.slice(0, 200))}.`, {
        fix: 'Look for it with GET /api/v1/stock?q= and the beginning of its name, or import it.',
      })
    return c.json({ sku, pools: pools.map(rulesOf) })
  })

  app.put('/rules/:sku{.+}', async (c) => {
    const sku = c.req.param('sku')
    const fix = 'Correct the body; docs/api.md lists what a rule may say.'
    const { pool, listing, rule } = checked(request, await readJson(c.req.raw), 'request-invalid', fix)
    const [problem] = statementProblems(rule, listing === null)
    if (problem) throw new BelayError('request-invalid', `rule.${problem.path.join('.')}: ${problem.message}`, { fix: problem.fix })
    const stock = await hub.setRule({
      sku: sku as Sku,
      pool: pool as PoolId,
      listing: listing as ListingId | null,
      statement: statementOf(rule),
    })
    return c.json({ sku, pools: [rulesOf(stock)] })
  })

  return app
}
