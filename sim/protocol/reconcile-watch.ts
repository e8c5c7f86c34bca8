// Looks at the channels of a world as reconciliation does, at random moments in the midst of trade and faults, and judges what was suspicious
// when the watermark has passed it. Nobody but the hub writes there, so that anything it calls drift is a false alarm.
import type { ListingId } from '../../src/domain/ids.ts'
import { compareOffer } from '../../src/domain/reconcile-compare.ts'
import { ingestedSince, judgeDueMs, judgeQuantity } from '../../src/domain/reconcile-judge.ts'
import type { QuantityFacts, ShownOffer } from '../../src/domain/reconcile.ts'
import type { ListingState } from '../../src/domain/stock.ts'
import { diceOf } from './dice.ts'
import { sku, type WorldHub } from './hub.ts'
import type { Marketplace } from './marketplace.ts'

interface Waiting {
  readonly index: number
  readonly listing: ListingId
  readonly facts: QuantityFacts
  readonly dueMs: number
}

export interface ReconcileWatch {
  readonly watch: (world: WorldHub, markets: readonly Marketplace[], nowMs: number) => string | null
  readonly counts: { looks: number; suspicious: number; judged: number; unclear: number; drift: number }
}

const shownOf = (externalId: string, quantity: number): ShownOffer => ({
  externalId,
  sku,
  quantity,
  state: 'live',
  fulfilment: 'MFN',
  tracked: true,
  sellsBelowZero: false,
  offersWithSku: 1,
  unitsPerListing: null,
  elsewhere: [],
})

/** Looks that wait for the watermark at once, for each channel. */
const maxWaiting = 4

/** `lookChance`: how often after an event. `tamper`: what the channel shows instead of its number. */
export const createReconcileWatch = (
  seed: number,
  lookChance: number,
  onDrift: (kind: string, waiting: { readonly facts: QuantityFacts }) => string | null = (kind, { facts }) =>
    `called ${kind}: ${JSON.stringify(facts)}`,
): ReconcileWatch => {
  const dice = diceOf(seed, 7_000)
  const waiting: Waiting[] = []
  const counts = { looks: 0, suspicious: 0, judged: 0, unclear: 0, drift: 0 }

  const look = (world: WorldHub, market: Marketplace, index: number, listing: ListingState, nowMs: number): void => {
    const settings = world.settingsFor(listing.channel)
    counts.looks += 1
    const window = { fromMs: nowMs - settings.constants.readStalenessMs, throughMs: nowMs }
    const result = compareOffer(listing, shownOf(listing.externalId, market.read()), window, {
      settings,
      nowMs,
      fulfilment: 'MFN',
      listingSku: sku,
      listingsOnChannel: 1,
      shownSkuKnown: true,
      skuBefore: null,
      agreedAtMs: null,
    })
    if (result.kind !== 'quantity') return
    counts.suspicious += 1
    if (!result.clear) {
      counts.unclear += 1
      return
    }
    if (waiting.filter((each) => each.index === index).length >= maxWaiting) return
    waiting.push({ index, listing: listing.id, facts: result.facts, dueMs: judgeDueMs(result.facts, settings.constants) })
  }

  const judge = (world: WorldHub, each: Waiting): string | null => {
    const listing = world.stock().listings.find((l) => l.id === each.listing)
    if (!listing) return null
    counts.judged += 1
    const { sold, cancelled } = ingestedSince(world.ledger, listing.channel, each.facts.comparedAtMs, listing.unitsPerListing)
    const verdict = judgeQuantity(each.facts, { soldSince: sold, cancelledSince: cancelled, toldWhenAsked: 0, elsewhereChange: null })
    if (verdict.kind === 'explained') return null
    counts.drift += 1
    return onDrift(verdict.drift, each)
  }

  return {
    counts,
    watch: (world, markets, nowMs) => {
      for (const [index, market] of markets.entries()) {
        const listing = world.stock().listings[index]
        if (!listing || !world.isUp()) continue
        // Cancellations of these worlds show within three times L: the watermark of the changes is that much behind.
        const changesMs = world.watermarkMs(index) - 2 * market.scenario.constants.orderVisibilityMs
        for (const each of waiting.filter((w) => w.index === index && w.dueMs <= changesMs)) {
          waiting.splice(waiting.indexOf(each), 1)
          const wrong = judge(world, each)
          if (wrong !== null) return wrong
        }
        if (dice.chance(lookChance)) look(world, market, index, listing, nowMs)
      }
      return null
    },
  }
}
