// One run of a hub process: the product's hub, adapters and HTTP application over a way to the store and wires of its own, so that it can be
// abandoned at any await as a process that dies is, and another one started over the same store.
import type { ChannelId } from '../../src/domain/ids.ts'
import { createHub } from '../../src/engine/hub.ts'
import { createStatusBook } from '../../src/engine/status.ts'
import { createHttpApp } from '../../src/http/app.ts'
import type { ChannelAdapter } from '../../src/ports/channel.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Hub } from '../../src/ports/hub.ts'
import type { Metrics } from '../../src/ports/metrics.ts'
import type { Random } from '../../src/ports/random.ts'
import type { Store } from '../../src/ports/store.ts'
import { location, type Merchant, pool } from './merchant.ts'
import type { Life } from './world-clock.ts'

export interface HubProcess {
  readonly life: Life
  readonly hub: Hub
  /** A request from outside. */
  readonly serve: (request: Request) => Promise<Response>
}

export interface HubProcessOptions {
  readonly life: Life
  readonly clock: Clock
  readonly random: Random
  readonly store: Store
  readonly merchant: Merchant
  readonly adapters: readonly ChannelAdapter[]
  readonly complain: (text: string) => void
}

const metrics: Metrics & { text(): Promise<string> } = {
  count: () => undefined,
  observe: () => undefined,
  gauge: () => undefined,
  text: () => Promise.resolve(''),
}

const webhookHost = 'hub.example'

export const createHubProcess = (options: HubProcessOptions): HubProcess => {
  const { life, clock, random, store, merchant, adapters, complain } = options
  const tell = (fields: unknown, message: string): void => complain(`${message} ${JSON.stringify(fields)}`)
  const log = { info: () => undefined, warn: () => undefined, error: tell }
  const hub = createHub({
    store,
    clock,
    random,
    metrics,
    log,
    status: createStatusBook(clock, metrics),
    adapters,
    settings: merchant.settings,
    poolLocations: new Map([[pool, [location]]]),
    webhookUrlFor: (channel: ChannelId) => `https://${webhookHost}/webhooks/${channel}`,
  })
  const app = createHttpApp({
    hub,
    metrics,
    apiKeyHash: null,
    clock,
    random,
    log: { info: () => undefined, warn: () => undefined, error: (fields: unknown, message?: string) => tell(fields, message ?? '') },
  })
  return { life, hub, serve: async (request) => await app.fetch(request) }
}
