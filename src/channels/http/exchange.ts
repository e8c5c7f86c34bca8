// One HTTP exchange: sent once, never repeated, and not at all when its time to be sent is over; ended by the caller's signal or by a timeout on the injected clock, its answer read
// whole and bounded. It fails with an ExchangeFailure that says how far the request can have got; what that means for a read or a
// write is decided in each channel's errors.ts.
import type { Fetch, PushItem } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'

/** unsent: no byte of the request left. broken, timeout, stopped, oversized: it may have been carried out. */
type FailureKind = 'unsent' | 'broken' | 'timeout' | 'stopped' | 'oversized'

export class ExchangeFailure extends Error {
  readonly failure: FailureKind
  constructor(failure: FailureKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ExchangeFailure'
    this.failure = failure
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** The largest answers are pages of orders or of levels, well under a megabyte. */
const maxAnswerBytes = 32 * 1024 * 1024

/** Errors of connecting, all of them before the first byte of the request (Node's and undici's codes). */
const connectCodes: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

const codeOf = (error: unknown): unknown => (typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined)

const neverConnected = (error: unknown): boolean => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  return connectCodes.has(codeOf(cause))
}

const readBounded = async (response: Response): Promise<string> => {
  if (!response.body) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body) {
    bytes += chunk.byteLength
    if (bytes > maxAnswerBytes) throw new ExchangeFailure('oversized', `the answer is larger than ${maxAnswerBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

export interface ExchangeOptions {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** From then on it is not sent any more. By the clock: the timers of a process that stood still run after what else it has to do. */
  readonly sendBeforeMs?: number
}

/** Of a request that carries all of these. */
export const sendBeforeOf = (items: readonly Pick<PushItem, 'sendBeforeMs'>[]): { readonly sendBeforeMs?: number } => {
  const sendBeforeMs = Math.min(...items.map((item) => item.sendBeforeMs ?? Number.POSITIVE_INFINITY))
  return Number.isFinite(sendBeforeMs) ? { sendBeforeMs } : {}
}

export const exchange = async (
  ports: { readonly fetch: Fetch; readonly clock: Clock },
  address: string,
  options: ExchangeOptions,
): Promise<Answer> => {
  if (options.signal.aborted) throw new ExchangeFailure('unsent', 'stopped before it was sent')
  if (options.sendBeforeMs !== undefined && ports.clock.nowMs() >= options.sendBeforeMs)
    throw new ExchangeFailure('unsent', 'too late to be sent: it may be given up already')
  const ending = new AbortController()
  const settled = new AbortController()
  const ended = Promise.withResolvers<never>()
  // Raced against the fetch, because an injected fetch need not listen to its signal. Rejected before the abort, so that it wins.
  const end = (failure: ExchangeFailure): void => {
    ended.reject(failure)
    ending.abort()
  }
  const stop = (): void => end(new ExchangeFailure('stopped', 'stopped while under way'))
  options.signal.addEventListener('abort', stop, { once: true })
  const timer = ports.clock.sleep(options.timeoutMs, settled.signal).then(() => {
    if (!settled.signal.aborted) end(new ExchangeFailure('timeout', `no answer within ${options.timeoutMs} ms`))
  })
  const work = async (): Promise<Answer> => {
    const response = await ports.fetch(address, {
      method: options.method,
      headers: options.headers,
      body: options.body,
      // A redirect would carry the token to another host.
      redirect: 'manual',
      signal: ending.signal,
    })
    return { status: response.status, headers: response.headers, text: await readBounded(response) }
  }
  try {
    return await Promise.race([work(), ended.promise])
  } catch (error) {
    if (error instanceof ExchangeFailure) throw error
    if (neverConnected(error)) throw new ExchangeFailure('unsent', 'no connection could be made', error)
    throw new ExchangeFailure('broken', 'the connection broke', error)
  } finally {
    options.signal.removeEventListener('abort', stop)
    settled.abort()
    await timer
  }
}
