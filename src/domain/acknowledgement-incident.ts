// The incident of an answer that a platform did not take: open until the platform has one, whoever gave it.
import type { Incident, Resolution } from './incidents.ts'
import type { Order } from './orders.ts'

const idOf = (order: Order): string => `acknowledgement-failed/${order.channel}/${order.orderId}`

/** From one state of an order to the next. `nowMs`: of the change. */
export const acknowledgementIncidents = (
  before: Order | null,
  after: Order,
  nowMs: number,
): { readonly incidents: readonly Incident[]; readonly resolved: readonly Resolution[] } => {
  const was = before?.acknowledgement?.state
  const { acknowledgement } = after
  if (!acknowledgement || was === acknowledgement.state) return { incidents: [], resolved: [] }
  // Given at the first attempt it never failed.
  if (acknowledgement.state === 'done' && (was === 'failed' || acknowledgement.attempts > 1))
    return { incidents: [], resolved: [{ id: idOf(after), atMs: nowMs }] }
  if (acknowledgement.state !== 'failed') return { incidents: [], resolved: [] }
  const incident: Incident = {
    id: idOf(after),
    kind: 'acknowledgement-failed',
    channel: after.channel,
    sku: after.lines[0]?.sku ?? null,
    listing: null,
    units: 0,
    atMs: nowMs,
    summary: `${after.channel} did not take the answer to order ${after.orderId}: ${acknowledgement.lastError ?? 'no reason given'}`,
    evidence: { orderId: after.orderId, attempts: acknowledgement.attempts, answerByMs: acknowledgement.byMs },
  }
  return { incidents: [incident], resolved: [] }
}
