// The truth of one channel, hidden from the hub: the live quantity, units in checkout holds, the orders, and how each write class takes
// requests (ZERO-OVERSELL.md section 1). Shoppers buy, abandon and cancel; orders become visible to polls within L (times `lateByL`).
import type { ListingId } from '../../src/domain/ids.ts'
import type { OrderFact } from '../../src/domain/orders.ts'
import { lowersToTheUnit } from '../../src/domain/stock.ts'
import type { PushOutcome, SettleOutcome } from '../../src/ports/channel.ts'
import type { Dice } from './dice.ts'
import { diceOf } from './dice.ts'
import type { EventQueue } from './event-queue.ts'
import type { ChannelScenario, Faults } from './scenario.ts'

interface Version {
  readonly atMs: number
  readonly visibleAtMs: number
  readonly ordered: number
  readonly cancelled: number
  readonly shipped: number
  readonly cancelledAtMs: number | null
}

export interface SoldOrder {
  readonly id: string
  readonly quantity: number
  readonly createdAtMs: number
  readonly overdueAtMs: number
  readonly versions: Version[]
}

export interface WriteRequest {
  readonly key: string
  readonly quantity: number
  readonly fromQuantity: number | null
  /** Present: added to what is shown; `quantity` counts for nothing then. */
  readonly addQuantity?: number
  /** No effect after this time. */
  readonly latestEffectMs: number
}

export interface Marketplace {
  readonly scenario: ChannelScenario
  readonly listing: ListingId
  readonly orders: readonly SoldOrder[]
  quantity(): number
  held(): number
  /** Sold less cancelled, listing quantities. */
  net(): number
  /** Units that shoppers came for, sold or not. */
  wanted(): number
  write(request: WriteRequest): PushOutcome
  read(): number
  /** Somebody else writes. */
  overwrite(quantity: number): void
  /** The listing is gone, or there again with nothing: while it is gone nothing that is written takes effect. */
  shut(gone: boolean): void
  settle(submissionId: string): SettleOutcome
  /** Orders with a version that became visible after `sinceMs`, as they are visible now. */
  visibleSince(sinceMs: number): readonly OrderFact[]
  /** Nobody buys, cancels or ships any more; open holds come to their end. */
  close(): void
  /** Sold units of orders that should be visible by now: not 0 only where `lateByL` is above 1. */
  overdue(isIn: (orderId: string) => boolean): number
  story: ((text: string) => void) | null
}

export interface MarketplaceOptions {
  readonly scenario: ChannelScenario
  readonly listing: ListingId
  readonly seed: number
  readonly index: number
  readonly queue: EventQueue
  readonly faults: () => Faults
  readonly onWebhook: (fact: OrderFact) => void
}

const factOf = (
  place: { readonly scenario: ChannelScenario; readonly listing: ListingId },
  order: SoldOrder,
  version: Version,
): OrderFact => ({
  channel: place.scenario.name as OrderFact['channel'],
  orderId: order.id,
  createdAtMs: order.createdAtMs,
  revisedAtMs: version.atMs,
  demand: 'fact',
  merge: 'maximum',
  acknowledgeByMs: null,
  lines: [
    {
      lineId: '1',
      listingKeys: [place.listing],
      orderedQuantity: version.ordered,
      cancelledQuantity: version.cancelled,
      shippedQuantity: version.shipped,
      cancelledAtMs: version.cancelledAtMs,
      cancelMayRestock: place.scenario.restocks !== 'never',
      amountMinor: null,
      currency: null,
    },
  ],
  echo: null,
})

export const createMarketplace = (options: MarketplaceOptions): Marketplace => {
  const { scenario, listing, queue } = options
  const { constants } = scenario
  const shoppers = diceOf(options.seed, options.index * 4 + 1)
  const backOffice = diceOf(options.seed, options.index * 4 + 2)
  const orders: SoldOrder[] = []
  const keys = new Map<string, { atMs: number; outcome: PushOutcome }>()
  const submissions = new Map<string, SettleOutcome>()
  let history: { atMs: number; quantity: number }[] = [{ atMs: 0, quantity: scenario.startQuantity }]
  let quantity = scenario.startQuantity
  let held = 0
  let net = 0
  let wanted = 0
  let open = true
  let gone = false
  const tell = (text: string): void => place.story?.(`${scenario.name} (Q ${quantity}, h ${held}): ${text}`)

  const setQuantity = (next: number): void => {
    quantity = next
    if (history.length > 256) history = history.slice(128)
    history.push({ atMs: queue.nowMs(), quantity })
  }
  const platformNowMs = (): number => queue.nowMs() + scenario.skewMs

  const webhook = (fact: OrderFact, dice: Dice): void => {
    const faults = options.faults()
    if (!scenario.webhooks || dice.chance(faults.webhookLost)) return
    const delayMs = (): number => dice.int(10, 3_000) + (dice.chance(faults.webhookLate) ? dice.int(0, 40 * 60_000) : 0)
    queue.after(delayMs(), () => options.onWebhook(fact))
    if (dice.chance(faults.webhookTwice)) queue.after(delayMs(), () => options.onWebhook(fact))
  }

  const revise = (order: SoldOrder, change: Partial<Version>, dice: Dice, delayMost = constants.orderVisibilityMs): Version => {
    const last = order.versions.at(-1)
    const visibleAtMs = Math.max(last?.visibleAtMs ?? 0, queue.nowMs() + dice.int(0, delayMost))
    const version: Version = {
      ordered: last?.ordered ?? order.quantity,
      cancelled: last?.cancelled ?? 0,
      shipped: last?.shipped ?? 0,
      cancelledAtMs: last?.cancelledAtMs ?? null,
      ...change,
      atMs: platformNowMs(),
      visibleAtMs,
    }
    order.versions.push(version)
    return version
  }

  const cancel = (order: SoldOrder): void => {
    const last = order.versions.at(-1)
    const left = (last?.ordered ?? order.quantity) - (last?.cancelled ?? 0) - (last?.shipped ?? 0)
    if (!open || left <= 0) return
    const units = backOffice.int(1, left)
    const restocked = scenario.restocks === 'always' || (scenario.restocks === 'sometimes' && backOffice.chance(0.5))
    net -= units
    if (restocked && !gone) setQuantity(quantity + units)
    // A change may take longer to show than the order itself: no bound is assumed for it.
    const version = revise(
      order,
      { cancelled: (last?.cancelled ?? 0) + units, cancelledAtMs: platformNowMs() },
      backOffice,
      3 * constants.orderVisibilityMs,
    )
    tell(`${units} of ${order.id} cancelled${restocked ? ', back on sale' : ''}`)
    const fact = factOf(place, order, version)
    const [line] = fact.lines
    if (line && backOffice.chance(options.faults().cancelOnly))
      webhook({ ...fact, lines: [{ ...line, orderedQuantity: 0, shippedQuantity: 0 }] }, backOffice)
    else webhook(fact, backOffice)
  }

  const ship = (order: SoldOrder): void => {
    const last = order.versions.at(-1)
    const left = (last?.ordered ?? order.quantity) - (last?.cancelled ?? 0) - (last?.shipped ?? 0)
    if (!open || left <= 0) return
    webhook(factOf(place, order, revise(order, { shipped: (last?.shipped ?? 0) + left }, backOffice)), backOffice)
  }

  /** One more of the same, within L as an order of its own would be: a cancelled order, whose changes may show later, is not touched. */
  const edit = (order: SoldOrder): void => {
    const last = order.versions.at(-1)
    if (!open || !last || last.cancelled > 0 || last.shipped > 0 || quantity - held < 1) return
    setQuantity(quantity - 1)
    net += 1
    tell(`1 added to ${order.id}`)
    webhook(factOf(place, order, revise(order, { ordered: last.ordered + 1 }, backOffice)), backOffice)
  }

  const order = (units: number): void => {
    setQuantity(quantity - units)
    net += units
    const late = scenario.lateByL > 1 && shoppers.chance(0.3)
    const sold: SoldOrder = {
      id: `${scenario.name}-${orders.length + 1}`,
      quantity: units,
      createdAtMs: platformNowMs(),
      overdueAtMs: queue.nowMs() + constants.orderVisibilityMs,
      versions: [],
    }
    orders.push(sold)
    const version = revise(sold, {}, shoppers, constants.orderVisibilityMs * (late ? scenario.lateByL : 1))
    tell(`sold ${units} as ${sold.id}, visible ${Math.round((version.visibleAtMs - queue.nowMs()) / 1000)} s later`)
    if (!late) webhook(factOf(place, sold, version), shoppers)
    if (backOffice.chance(scenario.cancels)) queue.after(backOffice.int(1_000, 3_600_000), () => cancel(sold))
    if (backOffice.chance(scenario.cancels / 3)) queue.after(backOffice.int(1_000, 3_600_000), () => cancel(sold))
    if (backOffice.chance(scenario.edits)) queue.after(backOffice.int(1_000, 3_600_000), () => edit(sold))
    queue.after(backOffice.int(60_000, scenario.shipsAfterMs), () => ship(sold))
  }

  const buy = (): void => {
    const units = shoppers.chance(1 - scenario.multiples) ? 1 : shoppers.int(2, 3)
    const holds = shoppers.chance(scenario.holds)
    const holdMs = shoppers.int(1_000, Math.max(1_000, constants.checkoutHoldMs))
    const abandons = shoppers.chance(scenario.abandons)
    if (!open) return
    wanted += units
    if (quantity - held < units) return
    if (!holds) return order(units)
    held += units
    queue.after(holdMs, () => {
      held -= units
      if (!abandons) order(units)
    })
  }

  const shop = (): void => {
    if (!open) return
    buy()
    queue.after(shoppers.wait(3_600_000 / scenario.buyersPerHour), shop)
  }
  queue.after(shoppers.wait(3_600_000 / scenario.buyersPerHour), shop)

  const apply = (request: WriteRequest): void => {
    if (gone) return
    setQuantity(request.quantity)
    tell(`now shows ${request.quantity} (${request.key})`)
  }

  const compareAndSet = (request: WriteRequest): PushOutcome => {
    // Without a number to compare with, it is overwritten: what a hub that does not compare sends.
    if (request.fromQuantity !== null && quantity !== request.fromQuantity)
      return { kind: 'stale', quantity: backOffice.chance(0.7) ? quantity : null }
    apply(request)
    return { kind: 'applied', quantity: request.quantity }
  }

  /** Told is what is shown afterwards, if at all. */
  const addTo = (request: WriteRequest, addQuantity: number): PushOutcome => {
    setQuantity(quantity + addQuantity)
    tell(`${addQuantity} added (${request.key})`)
    return backOffice.chance(0.9) ? { kind: 'applied', quantity } : { kind: 'accepted', submissionId: request.key }
  }

  const writeNow = (request: WriteRequest, faults: Faults): PushOutcome => {
    if (request.addQuantity !== undefined) return addTo(request, request.addQuantity)
    return lowersToTheUnit(scenario.writeClass) ? compareAndSet(request) : absoluteSet(request, faults)
  }

  const absoluteSet = (request: WriteRequest, faults: Faults): PushOutcome => {
    const nowMs = queue.nowMs()
    const effectMs = Math.min(nowMs + backOffice.int(0, scenario.processingMs), request.latestEffectMs)
    if (scenario.writeClass === 'absolute-set') {
      const submissionId = `${request.key}!${nowMs}`
      const refused = backOffice.chance(faults.rejected)
      submissions.set(submissionId, { kind: 'processing' })
      queue.after(effectMs - nowMs, () => {
        submissions.set(
          submissionId,
          refused ? { kind: 'rejected', code: 'channel-rejected', message: 'no', fix: 'ask' } : { kind: 'applied' },
        )
        if (!refused) apply(request)
      })
      return { kind: 'accepted', submissionId }
    }
    if (!backOffice.chance(faults.neverApplied)) queue.after(effectMs - nowMs, () => apply(request))
    return { kind: 'accepted', submissionId: request.key }
  }

  const place: Marketplace = {
    scenario,
    listing,
    orders,
    story: null,
    quantity: () => quantity,
    held: () => held,
    net: () => net,
    wanted: () => wanted,
    write: (request) => {
      const faults = options.faults()
      const known = keys.get(request.key)
      if (scenario.keyedRetry && known && queue.nowMs() - known.atMs <= scenario.keyRetentionMs) return known.outcome
      if (backOffice.chance(faults.throttled)) return { kind: 'throttled', retryAtMs: queue.nowMs() + backOffice.int(500, 30_000) }
      if (gone || (scenario.writeClass !== 'absolute-set' && backOffice.chance(faults.rejected)))
        return { kind: 'rejected', code: 'channel-rejected', message: 'no', fix: 'ask' }
      const outcome = writeNow(request, faults)
      if (outcome.kind !== 'stale' || scenario.staleUsesKey) keys.set(request.key, { atMs: queue.nowMs(), outcome })
      return outcome
    },
    read: () => {
      if (!backOffice.chance(options.faults().staleRead)) return quantity
      const atMs = queue.nowMs() - backOffice.int(0, constants.readStalenessMs)
      return history.findLast((h) => h.atMs <= atMs)?.quantity ?? history[0]?.quantity ?? quantity
    },
    overwrite: (next) => {
      if (gone) return
      setQuantity(next)
      tell('written by somebody else')
    },
    shut: (shuts) => {
      if (shuts === gone) return
      gone = shuts
      setQuantity(0)
      tell(shuts ? 'closed' : 'open again')
    },
    settle: (submissionId) => submissions.get(submissionId) ?? { kind: 'processing' },
    visibleSince: (sinceMs) => {
      const facts: OrderFact[] = []
      for (const sold of orders) {
        const version = sold.versions.findLast((v) => v.visibleAtMs <= queue.nowMs())
        if (version && version.visibleAtMs > sinceMs) facts.push(factOf(place, sold, version))
      }
      return facts
    },
    overdue: (isIn) => {
      if (scenario.lateByL <= 1) return 0
      let units = 0
      for (const sold of orders)
        if (sold.overdueAtMs < queue.nowMs() && !isIn(sold.id)) units += sold.quantity - (sold.versions.at(-1)?.cancelled ?? 0)
      return units
    },
    close: () => {
      open = false
    },
  }
  return place
}
