// Shoppers of every platform, and what becomes of their orders: bought, cancelled (wholly or partly, back on sale or not), shipped.
// Amazon's purchase orders come in between.
import { diceOf } from '../protocol/dice.ts'
import type { SimulatedOrder } from '../simulator.ts'
import type { Market, Merchant, Offer } from './merchant.ts'
import type { FullScenario } from './scenario.ts'
import type { WorldClock } from './world-clock.ts'

export interface ShoppersOptions {
  readonly scenario: FullScenario
  readonly merchant: Merchant
  readonly clock: WorldClock
  readonly told: () => void
  readonly tell: (text: string) => void
}

export interface Shoppers {
  /** Nobody buys, cancels or ships any more. */
  close(): void
}

const hourMs = 3_600_000

export const startShoppers = ({ scenario, merchant, clock, told, tell }: ShoppersOptions): Shoppers => {
  let open = true
  const later = (ms: number, happen: () => void): void => {
    clock.after(ms, () => {
      if (!open) return
      told()
      happen()
    })
  }

  const shopAt = ({ scenario: own, simulator, offers }: Market, index: number): void => {
    const shoppers = diceOf(scenario.seed, 20 + index * 2)
    const office = diceOf(scenario.seed, 21 + index * 2)
    const checkouts = diceOf(scenario.seed, 40 + index)
    const [first, ...others] = offers
    if (!first) return
    const choices: readonly [Offer, ...Offer[]] = [first, ...others]

    const heldOf = (externalId: string): number => {
      let units = 0
      for (const offer of offers) if (offer.externalId === externalId) units += merchant.held.get(offer) ?? 0
      return units
    }
    /** Beside what is put aside for others. */
    const isThere = (lines: readonly { readonly externalId: string; readonly quantity: number }[]): boolean =>
      lines.every(({ externalId, quantity }) => simulator.market.liveQuantity(externalId) - heldOf(externalId) >= quantity)

    const follow = (order: SimulatedOrder): void => {
      const cancels = office.chance(own.cancels)
      const restock = office.chance(own.restocks)
      const part = office.chance(own.partial)
      const line = order.lines[office.int(0, order.lines.length - 1)]
      const cancelMs = office.int(500, 12 * 60_000)
      const ships = office.chance(own.ships)
      const shipMs = office.int(5_000, 25 * 60_000)
      const grows = checkouts.chance(own.edits)
      const growMs = checkouts.int(500, 12 * 60_000)
      if (grows && line)
        later(growMs, () => {
          if (isThere([{ externalId: line.externalId, quantity: 1 }]) && simulator.market.grow(order.orderId, line.lineId))
            tell(`${own.platform}: 1 added to ${order.orderId}`)
        })
      if (cancels)
        later(cancelMs, () => {
          const what = part && line ? { lineId: line.lineId, quantity: 1 } : {}
          if (simulator.market.cancel(order.orderId, { restock, ...what }))
            tell(`${own.platform}: ${order.orderId} cancelled ${part ? 'in part' : ''}${restock ? ', back on sale' : ''}`)
        })
      if (ships)
        later(shipMs, () => {
          if (simulator.market.ship(order.orderId)) tell(`${own.platform}: ${order.orderId} shipped`)
        })
    }

    const place = (order: SimulatedOrder | null): void => {
      if (!order) return
      tell(`${own.platform}: sold ${order.lines.map((each) => `${each.quantity} ${each.externalId}`).join(', ')} as ${order.orderId}`)
      follow(order)
    }

    /** A checkout: the units are put aside, and the order comes later, or never. It ends even when the shop has closed. */
    const claim = (offer: Offer, units: number, holdMs: number, abandons: boolean): void => {
      const { externalId } = offer
      if (!isThere([{ externalId, quantity: units }])) return
      merchant.held.set(offer, heldOf(externalId) + units)
      clock.after(holdMs, () => {
        told()
        merchant.held.set(offer, heldOf(externalId) - units)
        if (!abandons) place(simulator.market.buy([{ externalId, quantity: units }], { claimed: true }))
      })
    }

    const visit = (): void => {
      const offer = shoppers.pick(choices)
      const units = shoppers.chance(0.75) ? 1 : shoppers.int(2, 3)
      const second = shoppers.chance(0.15) ? shoppers.pick(choices) : null
      const asks = shoppers.chance(0.1)
      const lines = [{ externalId: offer.externalId, quantity: units }]
      if (second && second !== offer && second.asks === offer.asks) lines.push({ externalId: second.externalId, quantity: 1 })
      const holds = checkouts.chance(own.holds)
      const holdMs = checkouts.int(1, Math.max(1, own.constants.checkoutHoldMs))
      const abandons = checkouts.chance(own.abandons)
      // Purchase orders are rarer than shoppers.
      if (offer.asks) {
        if (asks) place(simulator.market.buy(lines))
      } else if (holds) claim(offer, units, holdMs, abandons)
      else if (isThere(lines)) place(simulator.market.buy(lines))
      else if (units > 1 && isThere([{ externalId: offer.externalId, quantity: 1 }]))
        place(simulator.market.buy([{ externalId: offer.externalId, quantity: 1 }]))
      later(shoppers.wait(hourMs / own.visitsPerHour), visit)
    }
    later(shoppers.wait(hourMs / own.visitsPerHour), visit)
  }

  merchant.markets.forEach(shopAt)
  return {
    close: () => {
      open = false
    },
  }
}
