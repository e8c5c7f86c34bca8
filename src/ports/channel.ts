// What a channel adapter does for the engine. The same for every platform; what differs is data (`capabilities`).
// Adapters classify, only the engine retries: no method here repeats a write. A method that answers per item never fails the batch
// for one item; methods that answer as a whole throw BelayError.
// Adapters get an injected fetch, Clock, Random and ChannelObserver, keep no state that a restart may not lose, and store nothing.
import type { ErrorCode } from '../domain/errors.ts'
import type { ChannelId } from '../domain/ids.ts'
import type { Fulfilment, Order, OrderFact } from '../domain/orders.ts'
import type { WriteClass } from '../domain/stock.ts'
import type { InboxEvent } from './store.ts'
import type { SweepingChannel } from './sweep.ts'

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

export interface ChannelCapabilities {
  /** What one call of push / read / settle may carry. */
  readonly maxPushItems: number
  readonly maxReadItems: number
  /** Can live quantities be read back? */
  readonly readable: boolean
  /** Do accepted pushes have to be settled by asking for their outcome? */
  readonly settles: boolean
  /** A timed-out write may be sent again under the same key, for this long; 0: never. */
  readonly keyRetentionMs: number
  readonly selfDecrement: 'documented' | 'attested' | 'unproven'
  /** Names of the order streams to poll; the first one carries the watermark of the listings. */
  readonly streams: readonly string[]
  /** Milliseconds between polls of a stream when all is well. */
  readonly pollEveryMs: Readonly<Record<string, number>>
  /** Does the channel expect answers to orders? */
  readonly acknowledges: boolean
}

/** How one offer is addressed and taken: what `parseListing` makes of a listing's external id. */
export interface ListingAddress {
  readonly externalId: string
  /** Every key that facts of this adapter may use for it, externalId included. */
  readonly keys: readonly string[]
  readonly fulfilment: Fulfilment
  readonly writeClass: WriteClass
}

export interface PushItem {
  /** Idempotency key of this one change: the same for every attempt. */
  readonly key: string
  readonly externalId: string
  readonly quantity: number
  /** For compare-and-set. */
  readonly fromQuantity: number | null
  /** Present: a delta. Add this much to what the channel shows; `quantity` is only what we expect of it. Never sent twice by the engine. */
  readonly addQuantity?: number
  /** From then on, no request with it is sent (`unsent`), however many the adapter makes of one call: the engine may have given it up. */
  readonly sendBeforeMs?: number
}

export type PushOutcome =
  /** The channel says that it now shows `quantity`. */
  | { readonly kind: 'applied'; readonly quantity: number }
  /** Taken, not yet in effect; `submissionId` settles it where the channel settles. */
  | { readonly kind: 'accepted'; readonly submissionId: string }
  /** The compare failed: nothing was changed, the channel shows another number (told, or null). */
  | { readonly kind: 'stale'; readonly quantity: number | null }
  /** Refused for good; nothing was changed by this attempt. */
  | { readonly kind: 'rejected'; readonly code: ErrorCode; readonly message: string; readonly fix: string }
  /** Not executed; try again then. */
  | { readonly kind: 'throttled'; readonly retryAtMs: number }
  /** Never left this machine, or was refused before it could have an effect. */
  | { readonly kind: 'unsent'; readonly code: ErrorCode; readonly message: string }
  /** May or may not have had its effect. */
  | { readonly kind: 'ambiguous'; readonly code: ErrorCode; readonly message: string }

export type ReadOutcome =
  | { readonly kind: 'quantity'; readonly quantity: number }
  /** The channel does not know the listing, or it is not one we may write to (FBA, untracked, oversell allowed). */
  | { readonly kind: 'unusable'; readonly reason: string }
  | { readonly kind: 'throttled'; readonly retryAtMs: number }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }

export type SettleOutcome =
  | { readonly kind: 'applied' }
  | { readonly kind: 'rejected'; readonly code: ErrorCode; readonly message: string; readonly fix: string }
  | { readonly kind: 'processing' }
  | { readonly kind: 'throttled'; readonly retryAtMs: number }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }

export interface PollRequest {
  readonly stream: string
  /** Window start, platform time (already with overlap). */
  readonly sinceMs: number
  readonly nowMs: number
  /** Called page by page, in order; the next page is asked for only after it resolved. */
  readonly onPage: (facts: readonly OrderFact[]) => Promise<void>
  readonly signal: AbortSignal
}

export interface PollResult {
  /** The window was read completely, all pages, no status filter, up to this platform time. */
  readonly throughMs: number
  /** Orders whose effect is not yet known (no location assigned): platform creation time of the earliest; null: none. */
  readonly undecidedSinceMs: number | null
}

/** What an inbound event means. Pure: made from the stored event alone. */
export type Interpretation =
  | { readonly kind: 'orders'; readonly facts: readonly OrderFact[] }
  /** The event tells that this order changed, not how: read it. */
  | { readonly kind: 'refetch'; readonly orderIds: readonly string[] }
  /** The channel shows this number; a hint that a read may be worth it. */
  | { readonly kind: 'quantity'; readonly listingKey: string; readonly quantity: number; readonly atMs: number }
  | { readonly kind: 'ignore'; readonly reason: string }
  | { readonly kind: 'malformed'; readonly reason: string }

export interface WebhookReceiver {
  /** Authenticates the raw bytes in constant time before anything is parsed. False: answer 401, store nothing. */
  verify(headers: Headers, body: Uint8Array): boolean
  /** The event to store, buyer data stripped; throws `body-malformed` when the body is not what the platform sends. */
  accept(headers: Headers, body: Uint8Array, receivedAtMs: number): InboxEvent
}

export interface QueueReceiver {
  /** Long-polls; [] when nothing came. Buyer data stripped. */
  receive(signal: AbortSignal): Promise<readonly { readonly receipt: string; readonly event: InboxEvent }[]>
  /** Called after the events are durable. */
  remove(receipts: readonly string[]): Promise<void>
}

export interface DiscoveredListing {
  readonly externalId: string
  /** The SKU as the platform holds it; null: none. */
  readonly sku: string | null
  readonly title: string
  readonly quantity: number | null
  /** Why Belay could not enforce it (FBA, untracked, sells when out of stock); null: fine. */
  readonly unusable: string | null
}

export type AcknowledgeOutcome =
  | { readonly kind: 'accepted'; readonly transactionId: string }
  | { readonly kind: 'rejected'; readonly code: ErrorCode; readonly message: string; readonly fix: string }
  | { readonly kind: 'throttled'; readonly retryAtMs: number }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }

export interface CheckFinding {
  readonly ok: boolean
  /** For example `token`, `scope write_inventory`, `location 9`. */
  readonly subject: string
  readonly message: string
  readonly fix: string | null
}

export interface ChannelAdapter extends SweepingChannel {
  readonly channel: ChannelId
  /** Folder name: `shopify`, `amazon-seller`, `amazon-vendor`. */
  readonly platform: string
  readonly capabilities: ChannelCapabilities

  /** Throws `listing-address-invalid` with the expected format. */
  parseListing(externalId: string): ListingAddress

  /**
   * How many items may be sent now, and when to look again if that is fewer than wanted. Local and cheap. The engine asks before it takes
   * keys, so that what is planned is the newest. `retryAtMs` is at or after now.
   */
  capacity(operation: 'push' | 'read' | 'settle' | 'acknowledge'): { readonly items: number; readonly retryAtMs: number }

  /** Same length and order as the items. Never throws for what the platform did; at most capabilities.maxPushItems. */
  push(items: readonly PushItem[], signal: AbortSignal): Promise<readonly PushOutcome[]>
  read(externalIds: readonly string[], signal: AbortSignal): Promise<readonly ReadOutcome[]>
  settle(submissionIds: readonly string[], signal: AbortSignal): Promise<readonly SettleOutcome[]>

  /** Throws BelayError (throttled, retryable, permanent); then the window is not complete. */
  pollOrders(request: PollRequest): Promise<PollResult>
  /** Orders by id, for `refetch`. An id that the platform does not know is left out. */
  fetchOrders(orderIds: readonly string[], signal: AbortSignal): Promise<readonly OrderFact[]>
  interpret(event: InboxEvent): Interpretation
  readonly webhook: WebhookReceiver | null
  readonly queue: QueueReceiver | null
  /** Subscribes to what the adapter wants to hear. Idempotent. `webhookUrl` null: none is reachable. */
  subscribe(webhookUrl: string | null, signal: AbortSignal): Promise<void>

  /** Answers an order by what its lines' acceptedQuantity says. Only where capabilities.acknowledges. */
  acknowledge(orders: readonly Order[], signal: AbortSignal): Promise<readonly AcknowledgeOutcome[]>
  /** The outcome of an acknowledgement's transaction. */
  settleAcknowledgements(transactionIds: readonly string[], signal: AbortSignal): Promise<readonly SettleOutcome[]>

  /** All offers of the account, page by page. */
  discover(signal: AbortSignal): AsyncIterable<readonly DiscoveredListing[]>
  /** What is wrong before anything is sent: token, permissions, locations. Reads only. */
  check(signal: AbortSignal): Promise<readonly CheckFinding[]>
}
