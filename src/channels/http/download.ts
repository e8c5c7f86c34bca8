// Reading a file that a platform has prepared, as a stream: the body is taken chunk by chunk as the reader asks for it, never gathered.
// The address carries its own permission, so no header of ours goes with it. Ends with an ExchangeFailure: `broken` when the connection
// breaks, `timeout` when nothing comes for a while, `stopped` by the caller. A file that was cut off is not told from a whole one here:
// whoever reads it checks what it must end with.
import type { Fetch } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import { ExchangeFailure } from './exchange.ts'

export interface Download {
  readonly status: number
  readonly headers: Headers
  readonly chunks: AsyncIterable<Uint8Array>
}

/** Files come from object stores: a minute of silence is a dead connection. */
const silenceMs = 60_000

export const download = async (
  ports: { readonly fetch: Fetch; readonly clock: Clock },
  address: string,
  signal: AbortSignal,
): Promise<Download> => {
  const ending = new AbortController()

  const within = async <T>(work: Promise<T>): Promise<T> => {
    if (signal.aborted) throw new ExchangeFailure('stopped', 'stopped while under way')
    const settled = new AbortController()
    const ended = Promise.withResolvers<never>()
    const stop = (): void => ended.reject(new ExchangeFailure('stopped', 'stopped while under way'))
    signal.addEventListener('abort', stop, { once: true })
    const timer = ports.clock.sleep(silenceMs, settled.signal).then(() => {
      if (!settled.signal.aborted) ended.reject(new ExchangeFailure('timeout', `nothing came within ${silenceMs} ms`))
    })
    try {
      return await Promise.race([work, ended.promise])
    } catch (error) {
      ending.abort()
      throw error instanceof ExchangeFailure ? error : new ExchangeFailure('broken', 'the connection broke', error)
    } finally {
      signal.removeEventListener('abort', stop)
      settled.abort()
      await timer
    }
  }

  const response = await within(ports.fetch(address, { method: 'GET', redirect: 'follow', signal: ending.signal }))
  return {
    status: response.status,
    headers: response.headers,
    chunks: (async function* () {
      const reader = response.body?.getReader()
      if (!reader) return
      try {
        for (;;) {
          const { done, value } = await within(reader.read())
          if (done) return
          yield value
        }
      } finally {
        // A reader that stops early lets the connection go.
        await reader.cancel().catch(() => undefined)
      }
    })(),
  }
}

/** A line longer than this is no line of such a file. */
const maxLineCharacters = 4 * 1024 * 1024

/** Lines of UTF-8 text, without their ends; a last one without an end counts. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > maxLineCharacters) throw new ExchangeFailure('oversized', `a line is longer than ${maxLineCharacters} characters`)
    yield* lines
  }
  rest += decoder.decode()
  if (rest !== '') yield rest
}
