// Runs an import as one change: read, planned on what is committed, written completely or not at all.
import { BelayError, isBelayError } from '../domain/errors.ts'
import type { ChannelId, LocationId, PoolId, StockKey } from '../domain/ids.ts'
import { type AddressOf, importListingKeys, importNeeds, planImport } from '../domain/import.ts'
import type { Listing } from '../domain/orders.ts'
import type { Policy } from '../domain/rules.ts'
import type { ChannelAdapter } from '../ports/channel.ts'
import type { ImportPreview, ImportRequest } from '../ports/hub.ts'
import type { EngineContext } from './context.ts'
import { windowOf } from './first-window.ts'

export interface ImportOptions {
  readonly adapters: ReadonlyMap<ChannelId, ChannelAdapter>
  /** Locations by pool, as configured. */
  readonly poolLocations: ReadonlyMap<PoolId, readonly LocationId[]>
  readonly policy: Policy
  readonly apply: boolean
}

const addressWith =
  (adapters: ReadonlyMap<ChannelId, ChannelAdapter>): AddressOf =>
  (channel, externalId) => {
    const adapter = adapters.get(channel)
    if (!adapter) {
      return {
        problem: `channel ${channel} is not configured`,
        fix: `use one of: ${[...adapters.keys()].join(', ') || 'none is configured'}`,
      }
    }
    try {
      return adapter.parseListing(externalId)
    } catch (error) {
      if (!isBelayError(error)) throw error
      return { problem: error.message, fix: error.fix ?? 'see the format of external ids in the documentation of the channel' }
    }
  }

/** What a channel sells from here on is taken from this stock. */
const openWindows = async (
  context: EngineContext,
  request: ImportRequest,
  adapters: ReadonlyMap<ChannelId, ChannelAdapter>,
): Promise<void> => {
  for (const channel of new Set(request.listings.map((row) => row.channel))) {
    const adapter = adapters.get(channel)
    for (const stream of adapter?.capabilities.streams ?? []) if (adapter) await windowOf(context, adapter, stream)
  }
}

export const runImport = async (context: EngineContext, request: ImportRequest, options: ImportOptions): Promise<ImportPreview> => {
  const address = addressWith(options.adapters)
  const known = new Map<string, Listing>()
  for (const [channel, keys] of importListingKeys(request, address)) {
    const found = await context.store.findListings(channel, keys)
    found.forEach((listing, index) => {
      const key = keys[index]
      if (listing && key !== undefined) known.set(`${channel}\u0000${key}`, listing)
    })
  }
  const needs = importNeeds(request)
  if (options.apply) await openWindows(context, request, options.adapters)
  const arrivedAtMs = context.clock.nowMs()
  const preview = await context.committer.submit({
    stock: needs.stock,
    orders: [],
    ledgerKeys: needs.ledgerKeys,
    decide: (view) => {
      const plan = planImport(request, {
        stock: (key: StockKey) => view.stock(key) ?? null,
        listing: (channel, key) => known.get(`${channel}\u0000${key}`) ?? null,
        hasLedgerKey: (key) => view.hasLedgerKey(key),
        address,
        poolLocations: options.poolLocations,
        policy: options.policy,
        nowMs: view.nowMs,
      })
      if (!options.apply || plan.preview.problems.length > 0) return { value: plan.preview }
      return { stock: plan.stock, listings: plan.listings, ledger: plan.ledger, incidents: plan.incidents, value: plan.preview }
    },
  })
  const [problem] = preview.problems
  if (options.apply && problem) {
    const more = preview.problems.length > 1 ? ` (and ${preview.problems.length - 1} more)` : ''
    throw new BelayError('import-invalid', `nothing imported: ${problem.file} line ${problem.line}: ${problem.message}${more}`, {
      fix: problem.fix,
    })
  }
  if (options.apply) for (const row of request.stock) context.causes.arrived(row, arrivedAtMs)
  context.listings.forget()
  return preview
}
