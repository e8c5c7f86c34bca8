// What the protocol rests on per channel: constants that no API states. Each is an assumption with a reason, and a setting.
import type { ChannelId } from './ids.ts'

export interface ChannelConstants {
  /** L: an order created at t is visible to a complete poll by t + L. */
  readonly orderVisibilityMs: number
  /** eps: bound of the clock difference between us and the platform. */
  readonly clockSkewMs: number
  /** H: longest time from a buyer's claim on a unit to the order's creation. */
  readonly checkoutHoldMs: number
  /** D: a request can no longer take effect this long after it was last sent. */
  readonly requestLifetimeMs: number
  /** sigma: a live read shows a state at most this old. */
  readonly readStalenessMs: number
}

export type ChannelMode = 'observe' | 'enforce' | 'paused'

/** What pure rules need to know of a channel. */
export interface ChannelSettings {
  readonly channel: ChannelId
  readonly mode: ChannelMode
  readonly constants: ChannelConstants
  /** A timed-out write may be sent again under the same idempotency key and takes effect once. */
  readonly keyedRetry: boolean
  /** How long a platform remembers such a key, milliseconds. */
  readonly keyRetentionMs: number
  /** Does the channel lower its own number on each sale? unproven puts its listings outside the guarantee. */
  readonly selfDecrement: 'documented' | 'attested' | 'unproven'
}
