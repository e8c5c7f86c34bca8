// Where a stream's reading starts, durable before anything is read: from the first import of a channel's stock on, or from its first poll if
// that comes first, every order counts, however long it takes until a poll succeeds and whatever happens to the process meanwhile.
import type { ChannelAdapter } from '../ports/channel.ts'
import type { Cursor } from '../ports/store.ts'
import type { Change } from './change.ts'
import type { EngineContext } from './context.ts'

/** How far before that orders are looked for: those are the ones whose goods may still be on the shelf unreserved. */
const firstWindowMs = 60_000

export const cursorChange = (cursor: Cursor): Change<void> => ({
  stock: [],
  orders: [],
  ledgerKeys: [],
  decide: () => ({ cursors: [cursor], value: undefined }),
})

/** The stream's position; its first window is opened now if none is. */
export const windowOf = async (
  context: Pick<EngineContext, 'store' | 'clock' | 'committer' | 'settingsFor'>,
  { channel }: Pick<ChannelAdapter, 'channel'>,
  stream: string,
): Promise<Cursor> => {
  const known = await context.store.readCursor(channel, stream)
  if (known) return known
  const { orderVisibilityMs } = context.settingsFor(channel).constants
  const sinceMs = context.clock.nowMs() - firstWindowMs - orderVisibilityMs
  const cursor: Cursor = { channel, stream, sinceMs, watermarkMs: null }
  await context.committer.submit(cursorChange(cursor))
  return cursor
}
