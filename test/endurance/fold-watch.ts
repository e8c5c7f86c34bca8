// The longest time in which an order waited and none was folded, seen from outside of the hub: what is committed, by its own connection to
// the store, against what the platforms sold. Exact to about `lookEveryMs`; where the store itself does not answer, to `answerWithinMs`.
import { MongoClient } from 'mongodb'
import { setTimeout as pause } from 'node:timers/promises'

export interface FoldWatch {
  longestPauseMs(): number
  foldedOrders(): number
  stop(): Promise<void>
}

const lookEveryMs = 50
const answerWithinMs = 500

/** `arrivedOrders`: those that the platforms have, of which the hub is to have as many. */
export const watchFolds = (uri: string, arrivedOrders: () => number): FoldWatch => {
  const client = new MongoClient(uri, { appName: 'belay-failover', serverSelectionTimeoutMS: answerWithinMs, socketTimeoutMS: 2_000 })
  const orders = client.db().collection('orders')
  let folded = 0
  let longest = 0
  /** Since the last fold, or since the first order that waits after it, whichever is later. */
  let waitingSinceMs: number | null = null
  let stopped = false
  const look = setInterval(() => {
    if (waitingSinceMs === null && arrivedOrders() > folded) waitingSinceMs = performance.now()
    if (waitingSinceMs !== null) longest = Math.max(longest, performance.now() - waitingSinceMs)
  }, lookEveryMs)
  const count = async (): Promise<void> => {
    while (!stopped) {
      const known = await orders.countDocuments().catch(() => folded)
      if (known > folded) {
        folded = known
        waitingSinceMs = arrivedOrders() > folded ? performance.now() : null
      }
      await pause(lookEveryMs)
    }
  }
  const counting = count()
  return {
    longestPauseMs: () => Math.round(longest),
    foldedOrders: () => folded,
    stop: async () => {
      stopped = true
      clearInterval(look)
      await counting
      await client.close()
    },
  }
}
