// One HTTP exchange: sent once, never repeated, ended by the caller's signal or by a timeout on the injected clock, its answer read whole
// and bounded. A failure tells how far the request can have got; what that means for a read or a write is decided in errors.ts.
import type { Fetch } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'

/** unsent: no byte of the request left. The others: it may have been carried out. */
export type FailureKind = 'unsent' | 'broken' | 'timeout' | 'stopped' | 'oversized'

export class ExchangeFailure extends Error {
  readonly failure: FailureKind
  constructor(failure: FailureKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ExchangeFailure'
    this.failure = failure
  }
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export interface HttpRequest {
  readonly address: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** The largest answers are pages of 250 rows, well under a megabyte. */
const maxAnswerBytes = 16 * 1024 * 1024

/** Failures to connect, before the first byte of a request (codes of Node and its fetch). */
const connectCodes: ReadonlySet<unknown> = new Set([
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UND_ERR_CONNECT_TIMEOUT',
])

const neverConnected = (error: unknown): boolean => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  return typeof cause === 'object' && cause !== null && 'code' in cause && connectCodes.has(cause.code)
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

export const post = async (ports: { readonly fetch: Fetch; readonly clock: Clock }, request: HttpRequest): Promise<HttpAnswer> => {
  if (request.signal.aborted) throw new ExchangeFailure('unsent', 'stopped before it was sent')
  const ending = new AbortController()
  const settled = new AbortController()
  const ended = Promise.withResolvers<never>()
  // Raced against the fetch, because an injected fetch need not listen to its signal; rejected before the abort, so that it wins.
  const end = (failure: ExchangeFailure): void => {
    ended.reject(failure)
    ending.abort()
  }
  const stop = (): void => end(new ExchangeFailure('stopped', 'stopped while under way'))
  request.signal.addEventListener('abort', stop, { once: true })
  const timer = ports.clock.sleep(request.timeoutMs, settled.signal).then(() => {
    if (!settled.signal.aborted) end(new ExchangeFailure('timeout', `no answer within ${request.timeoutMs} ms`))
  })
  const work = async (): Promise<HttpAnswer> => {
    const response = await ports.fetch(request.address, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json', 'user-agent': 'Belay/0.1', ...request.headers },
      body: request.body,
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
    request.signal.removeEventListener('abort', stop)
    settled.abort()
    await timer
  }
}
