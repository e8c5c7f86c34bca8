// Amazon sends no notices about vendor orders: the notifications API has no type for direct fulfilment or purchase orders (notifications
// model and its schemas, commit 34dc93fe). Everything comes by polling, so there is nothing to verify, to receive or to subscribe to.
import type { Interpretation } from '../../ports/channel.ts'

export const nothingInbound: Interpretation = {
  kind: 'ignore',
  reason: 'Amazon has no notifications for vendor orders: this channel is polled',
}
