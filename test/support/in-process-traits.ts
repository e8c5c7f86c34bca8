// How the platforms differ, as data: what a test of the contract may know of them.

/** What a platform has not is told by the reason: the tests of it are skipped with that reason. */
type Has = true | string

/** How the platforms differ, as far as a test of the contract may know. */
export interface ChannelTraits {
  readonly name: string
  readonly keyed: Has
  readonly comparesAndSets: Has
  readonly readable: Has
  readonly settles: Has
  /** Writes that were accepted may come to nothing. */
  readonly asynchronous: Has
  readonly acknowledges: Has
  /** Is a cancellation of some units of a line told? */
  readonly cancelsParts: Has
  /** Does a cancelled order still tell what was ordered? */
  readonly keepsCancelled: boolean
  readonly tellsByItself: Has
  /** Does it send a notice of everything that happens to an order? */
  readonly tellsAll: boolean
  /** Are order lines named as the market names them? */
  readonly linesByMarketId: boolean
  readonly discovers: Has
  readonly hasScopes: Has
  /** A write that was taken has had its effect by then. */
  readonly effectWithinMs: number
  /** L: an order is found by a complete poll so long after its creation. */
  readonly visibleWithinMs: number
  /** ... and told with all its lines: where goods are taken from may be decided later. */
  readonly decidedWithinMs: number
}

export const minuteMs = 60_000

export const shopifyTraits: ChannelTraits = {
  name: 'shopify',
  keyed: true,
  comparesAndSets: true,
  readable: true,
  settles: 'a Shopify write is settled by its answer',
  asynchronous: 'a Shopify write is settled by its answer',
  acknowledges: 'Shopify orders are not answered',
  cancelsParts: true,
  keepsCancelled: true,
  tellsByItself: true,
  tellsAll: true,
  linesByMarketId: true,
  discovers: true,
  hasScopes: true,
  effectWithinMs: 0,
  visibleWithinMs: 5 * minuteMs,
  decidedWithinMs: 5 * minuteMs,
}

export const sellerTraits: ChannelTraits = {
  name: 'amazon-seller',
  keyed: 'Amazon knows no idempotency keys',
  comparesAndSets: 'an Amazon quantity is overwritten',
  readable: true,
  settles: 'only a read tells whether a patch took effect',
  asynchronous: true,
  acknowledges: 'Amazon seller orders are not answered',
  cancelsParts: true,
  keepsCancelled: true,
  tellsByItself: true,
  // Not of a partly cancelled one: the stream of changes tells.
  tellsAll: false,
  linesByMarketId: true,
  discovers: true,
  hasScopes: 'the simulated account has all roles',
  effectWithinMs: 2 * minuteMs,
  visibleWithinMs: 5 * minuteMs,
  decidedWithinMs: 5 * minuteMs,
}

export const vendorTraits: ChannelTraits = {
  name: 'amazon-vendor',
  keyed: 'Amazon knows no idempotency keys',
  comparesAndSets: 'an Amazon quantity is overwritten',
  readable: 'Vendor Central tells no quantity',
  settles: true,
  asynchronous: true,
  acknowledges: true,
  cancelsParts: 'a direct-fulfilment order is cancelled as a whole',
  keepsCancelled: true,
  tellsByItself: 'Amazon has no notifications of vendor orders',
  tellsAll: false,
  linesByMarketId: true,
  discovers: 'Vendor Central has no list of offers',
  hasScopes: 'the simulated account has all roles',
  effectWithinMs: 15 * minuteMs,
  visibleWithinMs: 5 * minuteMs,
  decidedWithinMs: 5 * minuteMs,
}
