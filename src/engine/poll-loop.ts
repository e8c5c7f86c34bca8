// Polls one order stream of one channel, window after window, and moves the watermark. The watermark moves only after a complete window
// whose every row is committed: W := min(poll start, what the platform says it covered, earliest undecided order) - L - eps. A failed
// page, a crash or an outage leaves it where it is. Windows overlap by L + eps, since an order may become visible that late.
import { isBelayError } from '../domain/errors.ts'
import type { ChannelConstants } from '../domain/settings.ts'
import type { ChannelAdapter, PollResult } from '../ports/channel.ts'
import type { Cursor } from '../ports/store.ts'
import type { ChannelContext } from './context.ts'
import { cursorChange, windowOf } from './first-window.ts'
import { explain, foldFacts } from './fold.ts'
import { backoffMs } from './push-record.ts'
import { createStallWatch, type Polled } from './stall-watch.ts'
import type { Wake } from './wake.ts'

/** Orders created up to here are all in after a complete window, platform time. */
export const completeThroughMs = (
  startedAtMs: number,
  result: PollResult,
  { orderVisibilityMs, clockSkewMs }: Pick<ChannelConstants, 'orderVisibilityMs' | 'clockSkewMs'>,
): number => {
  const undecidedMs = result.undecidedSinceMs === null ? startedAtMs : result.undecidedSinceMs - 1
  return Math.min(startedAtMs, result.throughMs, undecidedMs) - orderVisibilityMs - clockSkewMs
}

/** One poll. Throws what the adapter throws; then nothing moved. */
const pollOnce = async (context: ChannelContext, adapter: ChannelAdapter, stream: string, signal: AbortSignal): Promise<Polled> => {
  const { clock, owned } = context
  const known = await windowOf({ ...context, committer: owned }, adapter, stream)
  const startedAtMs = clock.nowMs()
  const result = await adapter.pollOrders({
    stream,
    sinceMs: known.sinceMs,
    nowMs: startedAtMs,
    onPage: (facts) => foldFacts(context, facts, null, clock.nowMs()),
    signal,
  })
  // As they are now: what was polled may have taught that L is larger.
  const { constants } = context.settingsFor(adapter.channel)
  const completeMs = completeThroughMs(startedAtMs, result, constants)
  const cursor: Cursor = {
    channel: adapter.channel,
    stream,
    sinceMs: Math.max(known.sinceMs, completeMs),
    watermarkMs: Math.max(known.watermarkMs ?? 0, completeMs),
  }
  await owned.submit(cursorChange(cursor))
  const reachedMs = completeThroughMs(startedAtMs, result, { orderVisibilityMs: 0, clockSkewMs: 0 })
  return { before: known, after: cursor, reachedMs, undecidedSinceMs: result.undecidedSinceMs }
}

export const runPollLoop = async (
  context: ChannelContext,
  adapter: ChannelAdapter,
  stream: string,
  onWatermark: () => void,
  wake: Wake,
  signal: AbortSignal,
): Promise<void> => {
  const everyMs = adapter.capabilities.pollEveryMs[stream] ?? 60_000
  const stall = createStallWatch(context, adapter.channel, stream)
  let failures = 0
  while (!signal.aborted) {
    let waitMs = everyMs
    try {
      await stall.polled(await pollOnce(context, adapter, stream, signal))
      failures = 0
      onWatermark()
    } catch (error) {
      if (signal.aborted) return
      failures += 1
      context.retried(adapter.channel)
      const throttledMs = isBelayError(error, 'channel-throttled') ? (error.retryAtMs ?? 0) - context.clock.nowMs() : 0
      waitMs = Math.max(throttledMs, throttledMs > 0 ? 0 : backoffMs(failures, context.random))
      context.log.warn({ channel: adapter.channel, stream, waitMs, error: explain(error) }, 'poll not complete; the watermark stays')
      await stall.failed(explain(error))
    }
    await wake.wait(Math.max(1, waitMs), signal)
  }
}
