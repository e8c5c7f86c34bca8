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
    const [first, ...others] = offers
    if (!first) return
    const choices: readonly [Offer, ...Offer[]] = [first, ...others]

    const follow = (order: SimulatedOrder): void => {
      const cancels = office.chance(own.cancels)
      const restock = office.chance(own.restocks)
      const part = office.chance(own.partial)
      const line = order.lines[office.int(0, order.lines.length - 1)]
      const cancelMs = office.int(500, 12 * 60_000)
      const ships = office.chance(own.ships)
      const shipMs = office.int(5_000, 25 * 60_000)
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

    const visit = (): void => {
      const offer = shoppers.pick(choices)
      const units = shoppers.chance(0.75) ? 1 : shoppers.int(2, 3)
      const second = shoppers.chance(0.15) ? shoppers.pick(choices) : null
      const asks = shoppers.chance(0.1)
      const lines = [{ externalId: offer.externalId, quantity: units }]
      if (second && second !== offer && second.asks === offer.asks) lines.push({ externalId: second.externalId, quantity: 1 })
      // Purchase orders are rarer than shoppers.
      if (!offer.asks || asks) {
        const order =
          simulator.market.buy(lines) ?? (units > 1 ? simulator.market.buy([{ externalId: offer.externalId, quantity: 1 }]) : null)
        if (order) {
          tell(`${own.platform}: sold ${order.lines.map((each) => `${each.quantity} ${each.externalId}`).join(', ')} as ${order.orderId}`)
          follow(order)
        }
      }
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
