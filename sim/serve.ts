// Puts any simulator on a real port of this machine. Loopback addresses only, in both directions: `serveSimulator` refuses to listen on
// another one, and `loopbackFetch`, which deliveries should go through, refuses to call another one. A request whose handler rejects gets
// no answer: its connection is destroyed, which is how a fault after the effect looks from outside.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BelayError } from '../src/domain/errors.ts'
import { systemClock } from '../src/engine/system-clock.ts'
import type { Clock } from '../src/ports/clock.ts'
import type { Simulator } from './simulator.ts'

export interface ServedSimulator {
  /** `http://127.0.0.1:{port}`, without a slash at the end. */
  readonly url: string
  /** Stops listening and breaks what is open. Leaves the simulator itself running. */
  close(): Promise<void>
}

/** Larger requests are refused before they are read further. */
const maxBodyBytes = 10_000_000

const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/.test(host)

const refuseOutside = (host: string): void => {
  if (isLoopback(host)) return
  throw new BelayError('address-not-loopback', `A simulator stays on this machine, but the address is ${host}.`, {
    fix: 'Use 127.0.0.1 or localhost.',
  })
}

/** The machine's fetch, for this machine only. */
export const loopbackFetch = async (request: Request): Promise<Response> => {
  refuseOutside(new URL(request.url).hostname)
  return await fetch(request)
}

const readBody = async (incoming: IncomingMessage): Promise<Uint8Array<ArrayBuffer> | null> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > maxBodyBytes) return null
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

const toRequest = (incoming: IncomingMessage, body: Uint8Array<ArrayBuffer>, base: string, signal: AbortSignal): Request => {
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  const method = incoming.method ?? 'GET'
  const withBody = method !== 'GET' && method !== 'HEAD'
  return new Request(new URL(incoming.url ?? '/', base), { method, headers, signal, ...(withBody ? { body } : {}) })
}

/** A request's signal follows the one it was made with only as long as the request itself is kept: without this, a long poll outlives its caller. */
const underWay = new Set<Request>()

const answer = async (
  simulator: Simulator,
  clock: Clock,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  base: string,
): Promise<void> => {
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  const body = await readBody(incoming)
  if (body === null) {
    outgoing.writeHead(413).end()
    return
  }
  const request = toRequest(incoming, body, base, gone.signal)
  underWay.add(request)
  try {
    const response = await simulator.fetch(request)
    const bytes = new Uint8Array(await response.arrayBuffer())
    // Node would write the machine's time, and a hub trusts the platform's: here that is the simulator's clock.
    if (!response.headers.has('date')) outgoing.setHeader('Date', new Date(clock.nowMs()).toUTCString())
    outgoing.writeHead(response.status, [...response.headers].flat())
    outgoing.end(bytes)
  } finally {
    underWay.delete(request)
  }
}

/** `clock`: the simulator's own, for the Date of its answers. */
export const serveSimulator = async (
  simulator: Simulator,
  options: { readonly port?: number; readonly host?: '127.0.0.1' | 'localhost'; readonly clock?: Clock } = {},
): Promise<ServedSimulator> => {
  const host = options.host ?? '127.0.0.1'
  const clock = options.clock ?? systemClock
  refuseOutside(host)
  let url = ''
  const server = createServer((incoming, outgoing) => {
    answer(simulator, clock, incoming, outgoing, url).catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, resolve)
  })
  url = `http://${host}:${(server.address() as AddressInfo).port}`
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
