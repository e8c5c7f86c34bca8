// One rule of the protocol taken away at a time, outside the product: what the simulation must notice.
import type { OrderFact } from '../../src/domain/orders.ts'
import type { PushResult } from '../../src/domain/push.ts'
import type { ChannelSettings } from '../../src/domain/settings.ts'
import type { Push, Stock } from '../../src/domain/stock.ts'

export interface Teeth {
  /** What the hub is told of a channel. */
  readonly settings?: (honest: ChannelSettings) => ChannelSettings
  readonly result?: (result: PushResult, push: Push) => PushResult
  readonly watermark?: (watermarkMs: number) => number
  readonly fact?: (fact: OrderFact) => OrderFact
  readonly foldStock?: (stock: Stock) => Stock
  readonly key?: (push: Push) => string
  readonly failedPoll?: (advance: () => void) => void
  readonly after?: (cause: 'issue' | 'record' | 'upkeep' | 'fold' | 'move', before: Stock, after: Stock, nowMs: number) => Stock
}

export const noTeeth: Teeth = {}
