// Defaults of the constants that the protocol rests on. No platform states them: each is an assumption, and a setting
// (`constants` of a channel). Larger is safer and slower.
import type { ChannelConstants } from '../domain/settings.ts'

const secondMs = 1000
const minuteMs = 60 * secondMs

const defaults: Readonly<Record<string, ChannelConstants>> = {
  // Orders show within seconds; a checkout may hold a unit for minutes; levels are read from the shop's own database.
  shopify: {
    orderVisibilityMs: 5 * minuteMs,
    clockSkewMs: 10 * secondMs,
    checkoutHoldMs: 15 * minuteMs,
    requestLifetimeMs: 2 * minuteMs,
    readStalenessMs: 30 * secondMs,
  },
  // Orders: "most within two minutes", no upper bound stated; a listing change is processed later than it is accepted.
  'amazon-seller': {
    orderVisibilityMs: 30 * minuteMs,
    clockSkewMs: 10 * secondMs,
    checkoutHoldMs: minuteMs,
    requestLifetimeMs: 60 * minuteMs,
    readStalenessMs: 5 * minuteMs,
  },
  // "Allow up to 15 minutes" for an inventory update; nothing can be read back, so that staleness never enters.
  'amazon-vendor': {
    orderVisibilityMs: 15 * minuteMs,
    clockSkewMs: 10 * secondMs,
    checkoutHoldMs: minuteMs,
    requestLifetimeMs: 60 * minuteMs,
    readStalenessMs: 5 * minuteMs,
  },
}

/** What a platform without figures of its own gets: the largest of each. */
const mostCareful: ChannelConstants = {
  orderVisibilityMs: 30 * minuteMs,
  clockSkewMs: 10 * secondMs,
  checkoutHoldMs: 15 * minuteMs,
  requestLifetimeMs: 60 * minuteMs,
  readStalenessMs: 5 * minuteMs,
}

export const defaultConstants = (platform: string): ChannelConstants => defaults[platform] ?? mostCareful
