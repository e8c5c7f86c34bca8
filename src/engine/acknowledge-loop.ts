// Answers the orders that a platform wants answered: due -> submitted -> done | failed (due again, at doubling waits, until the deadline).
// What we answer was decided and committed with the reservation; sending it twice says the same thing twice. An answer whose own answer was
// lost is refused as a repeat: the order, read again, then tells that it is answered (order-fold.ts).
import { acknowledgementIncidents } from '../domain/acknowledgement-incident.ts'
import type { OrderKey } from '../domain/ids.ts'
import type { Acknowledgement, Order } from '../domain/orders.ts'
import type { AcknowledgeOutcome, ChannelAdapter, SettleOutcome } from '../ports/channel.ts'
import type { Change } from './change.ts'
import type { ChannelContext } from './context.ts'
import { backoffMs, nextCheckMs } from './push-record.ts'
import type { Wake } from './wake.ts'

const maxTake = 50
const longestIdleMs = 1_000
const maxAttempts = 20
const firstAgainMs = 60_000
const longestAgainMs = 60 * 60_000
/** The last instant that a date can hold: nothing is sent again by itself. */
const neverMs = 8_640_000_000_000_000

/** When a refused answer is given again; past the deadline it is for a person. */
const againAtMs = (known: Acknowledgement, nowMs: number): number => {
  const atMs = nowMs + Math.min(longestAgainMs, firstAgainMs * 2 ** Math.min(10, known.attempts))
  return atMs < known.byMs ? atMs : neverMs
}

const setAcknowledgement = (key: OrderKey, change: (known: Acknowledgement, nowMs: number) => Acknowledgement): Change<void> => ({
  stock: [],
  orders: [key],
  ledgerKeys: [],
  decide: (view) => {
    const order = view.order(key)
    if (!order?.acknowledgement) return { value: undefined }
    const acknowledgement = change(order.acknowledgement, view.nowMs)
    const next = { ...order, version: order.version + 1, acknowledgement }
    const { incidents, resolved } = acknowledgementIncidents(order, next, view.nowMs)
    return { orders: [next], incidents, resolvedIncidents: resolved, value: undefined }
  },
})

const afterSubmit = (known: Acknowledgement, outcome: AcknowledgeOutcome, nowMs: number, retryMs: number): Acknowledgement => {
  switch (outcome.kind) {
    case 'accepted':
      return {
        ...known,
        state: 'submitted',
        attempts: known.attempts + 1,
        transactionId: outcome.transactionId,
        dueAtMs: nowMs + 2_000,
        lastError: null,
      }
    case 'rejected':
      return {
        ...known,
        state: 'failed',
        attempts: known.attempts + 1,
        dueAtMs: againAtMs(known, nowMs),
        lastError: `${outcome.message}. ${outcome.fix}`,
      }
    case 'throttled':
      return { ...known, dueAtMs: outcome.retryAtMs }
    case 'failed':
      return {
        ...known,
        state: known.attempts + 1 >= maxAttempts ? 'failed' : 'due',
        attempts: known.attempts + 1,
        dueAtMs: known.attempts + 1 >= maxAttempts ? againAtMs(known, nowMs) : nowMs + retryMs,
        lastError: outcome.message,
      }
  }
}

const afterSettle = (known: Acknowledgement, outcome: SettleOutcome, nowMs: number, retryMs: number): Acknowledgement => {
  switch (outcome.kind) {
    case 'applied':
      return { ...known, state: 'done', lastError: null }
    case 'rejected':
      return { ...known, state: 'failed', dueAtMs: againAtMs(known, nowMs), lastError: `${outcome.message}. ${outcome.fix}` }
    case 'processing':
      return { ...known, dueAtMs: nextCheckMs(known.dueAtMs - 2_000, nowMs) }
    case 'throttled':
      return { ...known, dueAtMs: outcome.retryAtMs }
    case 'failed':
      return { ...known, dueAtMs: nowMs + retryMs, lastError: outcome.message }
  }
}

export const runAcknowledgeLoop = async (
  context: ChannelContext,
  adapter: ChannelAdapter,
  wake: Wake,
  signal: AbortSignal,
): Promise<void> => {
  const { store, clock, owned } = context
  let failures = 0
  const keyOf = (order: Order): OrderKey => ({ channel: order.channel, orderId: order.orderId })
  const take = async (state: 'due' | 'submitted'): Promise<readonly Order[]> => {
    // Only who enforces says anything: the answers of a channel that is merely watched stay due.
    if (state === 'due' && context.settingsFor(adapter.channel).mode !== 'enforce') return []
    const capacity = adapter.capacity(state === 'due' ? 'acknowledge' : 'settle')
    if (capacity.items === 0) return []
    return store.dueAcknowledgements({
      channel: adapter.channel,
      state,
      dueBeforeMs: clock.nowMs(),
      limit: Math.min(maxTake, capacity.items),
    })
  }
  while (adapter.capabilities.acknowledges && !signal.aborted && context.isHeld()) {
    const retryMs = backoffMs(failures, context.random)
    const due = await take('due')
    if (due.length > 0) {
      const outcomes = await adapter.acknowledge(due, signal)
      failures = outcomes.some((o) => o.kind === 'failed') ? failures + 1 : 0
      await Promise.all(
        due.map((order, i) => {
          const outcome = outcomes[i] ?? { kind: 'failed', code: 'channel-answer-malformed', message: 'no outcome for this order' }
          return owned.submit(setAcknowledgement(keyOf(order), (known, nowMs) => afterSubmit(known, outcome, nowMs, retryMs)))
        }),
      )
    }
    const submitted = await take('submitted')
    if (submitted.length > 0) {
      const outcomes = await adapter.settleAcknowledgements(
        submitted.map((o) => o.acknowledgement?.transactionId ?? ''),
        signal,
      )
      await Promise.all(
        submitted.map((order, i) => {
          const outcome = outcomes[i] ?? { kind: 'failed', code: 'channel-answer-malformed', message: 'no outcome for this transaction' }
          return owned.submit(setAcknowledgement(keyOf(order), (known, nowMs) => afterSettle(known, outcome, nowMs, retryMs)))
        }),
      )
    }
    if (due.length === 0 && submitted.length === 0) await wake.wait(longestIdleMs, signal)
  }
}
