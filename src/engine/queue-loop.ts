// Takes notifications from a platform's queue into the inbox: durable first, removed from the queue after.
import type { ChannelAdapter } from '../ports/channel.ts'
import type { EngineContext } from './context.ts'
import { explain } from './fold.ts'
import { backoffMs } from './push-record.ts'

export const runQueueLoop = async (
  context: EngineContext,
  adapter: ChannelAdapter,
  received: () => void,
  signal: AbortSignal,
): Promise<void> => {
  const { queue } = adapter
  if (!queue) return
  let failures = 0
  while (!signal.aborted) {
    try {
      const messages = await queue.receive(signal)
      if (messages.length > 0) {
        await context.store.appendInbox(messages.map((m) => m.event))
        received()
        await queue.remove(messages.map((m) => m.receipt))
      }
      failures = 0
    } catch (error) {
      if (signal.aborted) return
      failures += 1
      context.retried(adapter.channel)
      context.log.warn({ channel: adapter.channel, error: explain(error) }, 'queue not readable')
      await context.clock.sleep(backoffMs(failures, context.random), signal)
    }
  }
}
