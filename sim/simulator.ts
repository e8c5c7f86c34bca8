// What every simulated marketplace offers to the hub (HTTP, through `fetch`) and to the world around it (a market to shop in, and
// the hidden truth to check against). Never imports src/channels: what the simulator knows comes from the official contracts.
import type { Clock } from '../src/ports/clock.ts'
import type { Random } from '../src/ports/random.ts'

export interface SimulatorPorts {
  readonly clock: Clock
  readonly random: Random
  /** How the simulator reaches the outside (webhook deliveries). */
  readonly fetch: (request: Request) => Promise<Response>
}

/** One offer in the simulated catalogue. `externalId` formats: Shopify `{inventoryItemId}@{locationId}` (numeric ids);
 *  Amazon Seller the seller SKU; Vendor `df/{warehouseId}/{vendorProductIdentifier}` and `retail/{vendorProductIdentifier}`. */
export interface CatalogueItem {
  readonly sku: string
  readonly title: string
  readonly priceMinor: number
  readonly currency: string
  readonly quantity: number
}

/** The books of one offer since the simulator started: live = opening + written + restocked - sold. */
export interface OfferBooks {
  readonly externalId: string
  readonly sku: string
  readonly openingQuantity: number
  readonly liveQuantity: number
  /** Ordered by shoppers. */
  readonly soldQuantity: number
  readonly cancelledQuantity: number
  /** Cancelled units that went back on sale by the platform itself. */
  readonly restockedQuantity: number
  readonly shippedQuantity: number
  /** Sum of what writes changed (signed): the hub's, and edits behind its back. */
  readonly writtenQuantity: number
}

export interface SimulatedOrder {
  readonly orderId: string
  readonly createdAtMs: number
  readonly lines: readonly { readonly lineId: string; readonly externalId: string; readonly quantity: number }[]
}

export interface Market {
  offers(): readonly { readonly externalId: string; readonly sku: string; readonly title: string }[]
  liveQuantity(externalId: string): number
  /**
   * A shopper's order; null when the platform would not sell that many now. `claimed`: the units were put aside for this shopper's checkout
   * before, so that they are sold although the number has been lowered since, even below 0. Who puts them aside keeps them from others.
   */
  buy(
    lines: readonly { readonly externalId: string; readonly quantity: number }[],
    options?: { readonly claimed: true },
  ): SimulatedOrder | null
  /** Adds one unit to a line of an order; false where the platform knows no such change, or has none to sell. */
  grow(orderId: string, lineId: string): boolean
  /** Cancels units of an order's line (all when quantity is left out); `restock`: they go back on sale by themselves. */
  cancel(orderId: string, options: { readonly restock: boolean; readonly lineId?: string; readonly quantity?: number }): boolean
  /** The merchant shipped the order completely. */
  ship(orderId: string): boolean
  books(): readonly OfferBooks[]
  orders(): readonly SimulatedOrder[]
  /** Is nothing left of the order, by whoever cancelled or refused it? */
  isCancelled(orderId: string): boolean
}

/** Faults that a test or a demo turns on. Probabilities in [0, 1], decided by the simulator's Random. */
export interface FaultPlan {
  /** A push notice (webhook, queue message) is sent twice. */
  duplicate: number
  /** ... is delayed by up to `reorderWithinMs`, so that later ones overtake it. */
  reorder: number
  reorderWithinMs: number
  /** ... is never sent. */
  lose: number
  /** A request is answered 429 / throttled. */
  throttle: number
  /** A request is answered 500 before it had an effect. */
  errorBefore: number
  /** A write takes effect and the answer is lost (the connection breaks). */
  errorAfter: number
  /** An accepted asynchronous write never takes effect. */
  acceptedNeverApplied: number
}

export const noFaults = (): FaultPlan => ({
  duplicate: 0,
  reorder: 0,
  reorderWithinMs: 0,
  lose: 0,
  throttle: 0,
  errorBefore: 0,
  errorAfter: 0,
  acceptedNeverApplied: 0,
})

/**
 * What happens on a platform behind the hub's back, for worlds that reconciliation is tried on. Reached by tests alone, never over the
 * public API. Each answers false, and changes nothing, where the platform knows no such thing or no such offer.
 */
export interface Backstage {
  /** Somebody edits the quantity in the platform's own screens. A write that was lost looks the same: the former number again. */
  editQuantity(externalId: string, quantity: number): boolean
  /** The offer is deleted: no read knows it any more. */
  remove(externalId: string): boolean
  /** Taken off sale (Shopify: its product is a draft; Amazon: inactive), or put back. */
  setOnSale(externalId: string, onSale: boolean): boolean
  /** Amazon: the listing changes between the merchant's and Amazon's fulfilment. Its stock at Amazon is then what it last offered. */
  setFulfilment(externalId: string, fulfilment: 'MFN' | 'FBA'): boolean
  /** Shopify: the item's quantity is counted, or not. */
  setTracked(externalId: string, tracked: boolean): boolean
  /** Shopify: the variant continues selling at 0, or not. */
  setSellsBelowZero(externalId: string, sells: boolean): boolean
  /** Shopify: the offer gets another SKU, perhaps one that another offer has. */
  setSku(externalId: string, sku: string): boolean
  /** Amazon seller: the pack that the listing sells changes to so many units. */
  setUnitsPerListing(externalId: string, units: number): boolean
  /** Shopify: units are moved from the offer's location to another one of the shop. */
  moveElsewhere(externalId: string, units: number): boolean
  /** Shopify, Amazon seller: no search and no read finds the order before then (the platform's index is behind). */
  hideOrder(orderId: string, untilMs: number): boolean
  /** Amazon: the next write of the offer is accepted and never applied. */
  loseNextWrite(externalId: string): boolean
}

export interface Simulator {
  readonly platform: 'shopify' | 'amazon-seller' | 'amazon-vendor'
  /** The whole platform behind one handler: every host it has, told apart by path. */
  readonly fetch: (request: Request) => Promise<Response>
  readonly market: Market
  readonly backstage: Backstage
  /** Changed in place at any time. */
  readonly faults: FaultPlan
  /** Counts of requests by operation, for measurements. */
  requestCounts(): Readonly<Record<string, number>>
  /** Stops background work (deliveries, processing). */
  close(): Promise<void>
}
