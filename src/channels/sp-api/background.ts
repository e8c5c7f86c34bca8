// The same client for work that nothing waits for (sweeps): a call waits on the clock until the bucket holds more than is kept for live use,
// and again when Amazon throttles it. Nothing else is repeated. A write here only asks for something to be prepared, so that its unknown
// outcome is no more than a call to be made again.
import { BelayError } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { SpApiClient } from './client.ts'

/** Throttles of one call before it gives up; each waits as long as it is told to. */
const maxThrottles = 10

const stopped = (operation: string): BelayError => new BelayError('channel-unreachable', `${operation}: the sweep was stopped`)

export const inBackground = (client: SpApiClient, clock: Clock, onCall: () => void): SpApiClient => ({
  capacity: (operation) => client.capacity(operation, 'background'),
  call: async (call) => {
    for (let throttles = 0; ; ) {
      if (call.signal.aborted) throw stopped(call.operation)
      const { items, retryAtMs } = client.capacity(call.operation, 'background')
      if (items < 1) {
        await clock.sleep(Math.max(1, retryAtMs - clock.nowMs()), call.signal)
        continue
      }
      try {
        onCall()
        return await client.call(call)
      } catch (error) {
        if (!(error instanceof BelayError)) throw error
        if (error.code === 'channel-timeout' || error.code === 'channel-unavailable')
          throw new BelayError('channel-unreachable', error.message, { cause: error })
        if (error.kind !== 'throttled' || ++throttles > maxThrottles) throw error
        await clock.sleep(Math.max(1, (error.retryAtMs ?? 0) - clock.nowMs()), call.signal)
      }
    }
  },
})
