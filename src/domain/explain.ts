// How every number of a SKU came about, as plain data: what is on the shelf, what is promised, and of each listing what it is believed to
// show, how much it may still sell and from what, the evidence under way, its target, the next step and the reason. Pure, made from the
// stored document, the settings, the watermarks and the time alone; every sum in it adds up (explain.test.ts).
import { allocate, type Share } from './allocation.ts'
import { explainListingRules, explainStockRules, type FieldExplanation, isBehind } from './explain-rules.ts'
import { type StepExplanation, explainStep } from './explain-step.ts'
import { explainTarget, sharingModes, type TargetExplanation } from './explain-target.ts'
import { exposureQuantity, exposureUnits, guaranteedExposureUnits, isGuaranteed, openCharge } from './exposure.ts'
import { fenceDueMs } from './fence.ts'
import type { ChannelId, ListingId, LocationId, PoolId, Sku } from './ids.ts'
import { noPolicy, type Policy } from './rules.ts'
import { plan, slackUnits } from './plan.ts'
import { type KnownSettings, type Protection, protectionOf } from './protection.ts'
import { expiresAtMs } from './push.ts'
import { type Shortfall, shortfallOf } from './shortfall.ts'
import type { ChannelMode, ChannelSettings } from './settings.ts'
import {
  availableUnits,
  type Fence,
  type ListingState,
  type ListingStatus,
  onHandTotal,
  type Push,
  reserveUnits,
  sellableUnits,
  type Stock,
  type WriteClass,
} from './stock.ts'

export interface ExplainContext {
  readonly settingsOf: KnownSettings
  /** Every order of the channel created up to then is in; null: no complete poll yet. */
  readonly watermarkOf: (channel: ChannelId) => number | null
  /** What the configuration says of the rules; absent: nothing. */
  readonly policy?: Policy
  readonly nowMs: number
}

/** A request that may still take effect, and what it counts. */
export interface OpenPushExplanation {
  readonly id: string
  readonly kind: Push['kind']
  readonly quantity: number
  readonly fromQuantity: number | null
  readonly chargeQuantity: number
  readonly status: Push['status']
  readonly attempts: number
  readonly issuedAtMs: number
  readonly lastSendMs: number
  /** Without evidence it counts as landed from here on; null: the channel is not configured. */
  readonly endsAtMs: number | null
}

/** Evidence that waits for the watermark. */
export interface OpenFenceExplanation extends Fence {
  /** quantity - sold + restocked + later. */
  readonly boundQuantity: number
  /** When the watermark has reached this, the bound counts; null: the channel is not configured. */
  readonly dueAtMs: number | null
  readonly watermarkMs: number | null
  /** How far the watermark has to go; 0: it is there. null: no watermark or no settings. */
  readonly remainingMs: number | null
}

export interface ListingExplanation {
  readonly id: ListingId
  readonly channel: ChannelId
  readonly externalId: string
  readonly unitsPerListing: number
  readonly writeClass: WriteClass
  readonly status: ListingStatus
  readonly mode: ChannelMode | 'not-configured'
  readonly believedQuantity: number | null
  /** 0: no evidence yet. */
  readonly lastEvidenceMs: number
  /** max(0, base + charges), in listing quantities. */
  readonly exposureQuantity: number
  readonly exposureUnits: number
  readonly baseQuantity: number
  readonly chargesQuantity: number
  readonly guaranteed: boolean
  /** How many units slack leaves out for this listing. */
  readonly countedUnits: number
  readonly openPushes: readonly OpenPushExplanation[]
  readonly openFences: readonly OpenFenceExplanation[]
  readonly target: TargetExplanation
  /** Which level said what of its rule. */
  readonly rules: readonly FieldExplanation[]
  readonly next: StepExplanation
  readonly blockedReason: string | null
  readonly lateOrders: number
}

export interface Explanation {
  readonly sku: Sku
  readonly pool: PoolId
  readonly title: string
  readonly version: number
  readonly atMs: number
  readonly changedAtMs: number
  readonly sharing: Stock['sharing']
  readonly onHandByLocation: readonly { readonly location: LocationId; readonly units: number }[]
  readonly onHandUnits: number
  readonly reservedUnits: number
  /** onHand - reserved; below 0: more is promised than there is. */
  readonly sellableUnits: number
  readonly bufferUnits: number
  /** Kept from the channels for demand that asks first. */
  readonly reserveUnits: number
  /** Which level said what of buffer, sharing and reserve. */
  readonly rules: readonly FieldExplanation[]
  /** A change of the rules in the configuration has not reached this SKU yet. */
  readonly rulesBehind: boolean
  /** max(0, sellable - buffer). */
  readonly availableUnits: number
  /** Sum of the listings' countedUnits. */
  readonly countedUnits: number
  /** sellable - buffer - counted. */
  readonly slackUnits: number
  /** Sum of the exposures inside the guarantee: what must fit into sellable. */
  readonly guaranteedUnits: number
  readonly listings: readonly ListingExplanation[]
  /** What is missing in the worst case; null: nothing. */
  readonly shortfall: Shortfall | null
  readonly protection: Protection
}

const explainPush = (push: Push, settings: ChannelSettings | null): OpenPushExplanation => ({
  id: push.id,
  kind: push.kind,
  quantity: push.quantity,
  fromQuantity: push.fromQuantity,
  chargeQuantity: push.charge,
  status: push.status,
  attempts: push.attempts,
  issuedAtMs: push.issuedAtMs,
  lastSendMs: push.lastSendMs,
  endsAtMs: settings ? expiresAtMs(push, settings.constants) : null,
})

const explainFence = (fence: Fence, settings: ChannelSettings | null, watermarkMs: number | null): OpenFenceExplanation => {
  const dueAtMs = settings ? fenceDueMs(fence, settings.constants) : null
  return {
    ...fence,
    boundQuantity: fence.quantity - fence.sold + fence.restocked + fence.later,
    dueAtMs,
    watermarkMs,
    remainingMs: dueAtMs === null || watermarkMs === null ? null : Math.max(0, dueAtMs - watermarkMs),
  }
}

/** For the plan, a channel that is not configured is one that nothing is written to. */
const pausedLike = (channel: ChannelId): ChannelSettings => ({
  channel,
  mode: 'paused',
  constants: { orderVisibilityMs: 0, clockSkewMs: 0, checkoutHoldMs: 0, requestLifetimeMs: 0, readStalenessMs: 0 },
  keyedRetry: false,
  keyRetentionMs: 0,
  selfDecrement: 'documented',
})

export const explainStock = (stock: Stock, context: ExplainContext): Explanation => {
  const { settingsOf, nowMs, policy = noPolicy } = context
  const modeOf = (channel: ChannelId): ChannelMode | 'not-configured' => settingsOf(channel)?.mode ?? 'not-configured'
  const shares = new Map<ListingId, Share>()
  const targets = allocate(stock, sharingModes(modeOf), { shares, holders: [] })
  const slack = slackUnits(stock, targets)
  const intents = new Map(plan(stock, (channel) => settingsOf(channel) ?? pausedLike(channel), nowMs).map((i) => [i.listing, i]))
  const sellable = sellableUnits(stock)
  const kept = reserveUnits(stock)
  const explainListing = (listing: ListingState): ListingExplanation => {
    const settings = settingsOf(listing.channel)
    const watermarkMs = context.watermarkOf(listing.channel)
    const target = explainTarget(listing, { stock, targets, shares, modeOf })
    const situation = { stock, settings, targetQuantity: target.quantity, slackUnits: slack - kept }
    return {
      id: listing.id,
      channel: listing.channel,
      externalId: listing.externalId,
      unitsPerListing: listing.unitsPerListing,
      writeClass: listing.writeClass,
      status: listing.status,
      mode: settings?.mode ?? 'not-configured',
      believedQuantity: listing.believedQuantity,
      lastEvidenceMs: listing.believedAtMs,
      exposureQuantity: exposureQuantity(listing),
      exposureUnits: exposureUnits(listing),
      baseQuantity: listing.base,
      chargesQuantity: openCharge(listing),
      guaranteed: isGuaranteed(listing),
      // What slack would be with this listing alone, so that the sum is slack's own.
      countedUnits: sellable - stock.bufferUnits - slackUnits({ ...stock, listings: [listing] }, targets),
      openPushes: listing.pushes.map((push) => explainPush(push, settings)),
      openFences: listing.fences.map((fence) => explainFence(fence, settings, watermarkMs)),
      target,
      rules: explainListingRules(stock, listing, policy),
      next: explainStep(listing, intents.get(listing.id) ?? null, situation),
      blockedReason: listing.blockedReason,
      lateOrders: listing.lateOrders,
    }
  }
  const listings = stock.listings.map(explainListing)
  return {
    sku: stock.sku,
    pool: stock.pool,
    title: stock.title,
    version: stock.version,
    atMs: nowMs,
    changedAtMs: stock.changedAtMs,
    sharing: stock.sharing,
    onHandByLocation: Object.entries(stock.onHandUnits).map(([location, units]) => ({ location: location as LocationId, units })),
    onHandUnits: onHandTotal(stock),
    reservedUnits: stock.reservedUnits,
    sellableUnits: sellable,
    bufferUnits: stock.bufferUnits,
    reserveUnits: kept,
    rules: explainStockRules(stock, policy),
    rulesBehind: isBehind(stock, policy),
    availableUnits: availableUnits(stock),
    countedUnits: listings.reduce((units, each) => units + each.countedUnits, 0),
    slackUnits: slack,
    guaranteedUnits: guaranteedExposureUnits(stock),
    listings,
    shortfall: shortfallOf(stock, settingsOf, nowMs),
    protection: protectionOf(stock, settingsOf),
  }
}
