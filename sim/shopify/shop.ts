// A shop's state and what happens in it, whoever caused it: every change of stock or of an order goes through here, is told to the webhooks
// with one event id per action, and leaves the books balanced.
import type { FaultPlan } from '../simulator.ts'
import { defaultScopes, type ShopifySimulatorOptions } from './options.ts'
import { type CancelRequest, createOrderBook, type Order, type OrderBook, type OrderEffect } from './orders.ts'
import { levelPayload, orderPayload, refundPayload } from './payloads.ts'
import { change, createStock, type Level, type QuantityState, type Stock } from './stock.ts'
import { createWebhookHub, type WebhookHub } from './webhooks.ts'

export interface Shop {
  readonly options: ShopifySimulatorOptions
  readonly domain: string
  readonly scopes: ReadonlySet<string>
  readonly stock: Stock
  readonly orders: OrderBook
  readonly webhooks: WebhookHub
  readonly nowMs: () => number
  place(lines: readonly { readonly level: Level; readonly quantity: number }[], claimed: boolean): Order | null
  grow(order: Order, lineId: string): boolean
  cancel(order: Order, request: CancelRequest): boolean
  ship(order: Order): boolean
  /** A client's write of some states; `delta` 0 changes nothing and is not told. */
  write(writes: readonly { readonly level: Level; readonly state: QuantityState; readonly delta: number }[]): void
  /** Whether the order's locations are known by now. */
  isRouted(order: Order): boolean
  /** Ends what waits. */
  close(): Promise<void>
}

export const createShop = (options: ShopifySimulatorOptions, faults: FaultPlan, count: (name: string) => void): Shop => {
  const { clock, random } = options.ports
  const domain = `${options.shop}.myshopify.com`
  const stock = createStock(options, clock.nowMs())
  const orders = createOrderBook(stock)
  const webhooks = createWebhookHub({
    shopDomain: domain,
    secret: options.webhookSecret ?? options.clientSecret,
    ports: options.ports,
    faults,
    count,
  })
  const closing = new AbortController()
  const routings = new Set<Promise<void>>()
  const routingDelayMs = options.routingDelayMs ?? 0

  const tellLevels = (levels: readonly Level[], eventId: string): void => {
    for (const level of levels) webhooks.publish('INVENTORY_LEVELS_UPDATE', () => levelPayload(level), eventId)
  }
  const tell = (effect: OrderEffect, topics: readonly string[]): void => {
    const eventId = random.uuid()
    const { order, refund } = effect
    for (const topic of topics) webhooks.publish(topic, () => orderPayload(order), eventId)
    if (refund) webhooks.publish('REFUNDS_CREATE', () => refundPayload(order, refund), eventId)
    tellLevels(effect.levels, eventId)
  }
  const route = async (order: Order): Promise<void> => {
    await clock.sleep(routingDelayMs, closing.signal)
    if (closing.signal.aborted) return
    orders.touch(order, clock.nowMs())
    tell({ order, levels: [], refund: null }, ['ORDERS_UPDATED'])
  }

  return {
    options,
    domain,
    scopes: new Set(options.scopes ?? defaultScopes),
    stock,
    orders,
    webhooks,
    nowMs: () => clock.nowMs(),
    isRouted: (order) => clock.nowMs() >= order.createdAtMs + routingDelayMs,
    grow: (order, lineId) => {
      const effect = orders.grow(order, lineId, clock.nowMs())
      if (effect) tell(effect, ['ORDERS_UPDATED'])
      return effect !== null
    },
    place: (lines, claimed) => {
      const effect = orders.place(lines, clock.nowMs(), claimed)
      if (!effect) return null
      tell(effect, ['ORDERS_CREATE'])
      if (routingDelayMs > 0) {
        const routing: Promise<void> = route(effect.order).finally(() => routings.delete(routing))
        routings.add(routing)
      }
      return effect.order
    },
    cancel: (order, request) => {
      const effect = orders.cancel(order, request, clock.nowMs())
      if (effect) tell(effect, effect.order.cancelledAtMs === null ? ['ORDERS_UPDATED'] : ['ORDERS_CANCELLED', 'ORDERS_UPDATED'])
      return effect !== null
    },
    ship: (order) => {
      const effect = orders.ship(order, clock.nowMs())
      if (effect) tell(effect, ['ORDERS_FULFILLED', 'ORDERS_UPDATED'])
      return effect !== null
    },
    write: (writes) => {
      const nowMs = clock.nowMs()
      const changed = new Set<Level>()
      for (const { level, state, delta } of writes) {
        if (delta === 0) continue
        change(level, state, delta, nowMs)
        if (state !== 'available') continue
        level.writtenQuantity += delta
        changed.add(level)
      }
      if (changed.size > 0) tellLevels([...changed], random.uuid())
    },
    close: async () => {
      closing.abort()
      await Promise.all([webhooks.close(), ...routings])
    },
  }
}
