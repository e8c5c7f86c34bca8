// Upkeep of one channel: ends the lifetime of requests that can no longer take effect, and completes the fences that the watermark has
// passed. Only the documents with such entries are touched. Woken when the watermark moves.
import type { ChannelAdapter } from '../ports/channel.ts'
import type { ChannelContext } from './context.ts'
import { upkeepChange } from './push-changes.ts'
import type { Wake } from './wake.ts'

const maxTake = 256
const longestIdleMs = 5_000

export const runUpkeepLoop = async (context: ChannelContext, adapter: ChannelAdapter, wake: Wake, signal: AbortSignal): Promise<void> => {
  const { store, clock, owned } = context
  const { channel } = adapter
  const stream = adapter.capabilities.streams[0] ?? 'orders'
  while (!signal.aborted) {
    const nowMs = clock.nowMs()
    const cursor = await store.readCursor(channel, stream)
    const watermarkMs = cursor?.watermarkMs ?? null
    const expired = await store.dueWork({ channel, kind: 'expire', dueBeforeMs: nowMs, limit: maxTake })
    const fenced = watermarkMs === null ? [] : await store.dueWork({ channel, kind: 'fence', dueBeforeMs: watermarkMs, limit: maxTake })
    const keys = [...expired, ...fenced]
    await Promise.all(keys.map((key) => owned.submit(upkeepChange(key, channel, watermarkMs, context.settingsFor))))
    if (keys.length === 0) {
      const nextMs = await store.nextWorkAtMs({ channel, kind: 'expire' })
      await wake.wait(nextMs === null ? longestIdleMs : Math.max(1, Math.min(longestIdleMs, nextMs - nowMs)), signal)
    }
  }
}
