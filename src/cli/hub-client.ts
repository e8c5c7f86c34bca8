// A running hub as the command line sees it: its HTTP API, with its errors turned back into BelayErrors.
import { BelayError, type ErrorCode, errorCodes } from '../domain/errors.ts'
import type { Fetch } from '../ports/channel.ts'

export interface HubClient {
  get<T>(path: string): Promise<T>
  /** What is not JSON, as it came. */
  text(path: string): Promise<string>
  post<T>(path: string, body: unknown): Promise<T>
  put<T>(path: string, body: unknown): Promise<T>
}

export interface HubAddress {
  readonly url: string
  readonly apiKey: string | null
}

interface Answer {
  readonly error?: { readonly code?: unknown; readonly message?: unknown; readonly fix?: unknown }
}

const isCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(errorCodes, code)

const unreachable = (url: string, cause?: unknown): BelayError =>
  new BelayError('hub-unreachable', `No hub answers at ${url}.`, {
    fix: 'Start it with `belay serve` (or `npm start` for the demo), or say where it is with --url.',
    cause,
  })

const errorFrom = (url: string, status: number, body: Answer | null): BelayError => {
  const { code, message, fix } = body?.error ?? {}
  if (isCode(code) && typeof message === 'string') return new BelayError(code, message, typeof fix === 'string' ? { fix } : {})
  if (typeof message === 'string') return new BelayError('hub-unreachable', message, typeof fix === 'string' ? { fix } : {})
  return new BelayError('hub-unreachable', `What answers at ${url} (status ${status}) is not a hub.`, {
    fix: 'Correct the address: --url.',
  })
}

export const createHubClient = ({ url, apiKey }: HubAddress, fetch: Fetch): HubClient => {
  const base = url.replace(/\/+$/, '')
  if (!URL.canParse(base) || !/^https?:/.test(base))
    throw new BelayError('request-invalid', `The address of the hub is not a URL: ${base.slice(0, 200)}`, {
      fix: 'Write it as http://HOST:PORT.',
    })
  const request = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers)
    if (apiKey !== null) headers.set('authorization', `Bearer ${apiKey}`)
    return fetch(`${base}${path}`, { ...init, headers }).catch((cause: unknown) => {
      throw unreachable(base, cause)
    })
  }
  const ask = async <T>(path: string, init: RequestInit): Promise<T> => {
    const response = await request(path, init)
    const body = (await response.json().catch(() => null)) as Answer | null
    if (!response.ok || body === null) throw errorFrom(base, response.status, body)
    return body as T
  }
  const send = <T>(method: string, path: string, body: unknown): Promise<T> =>
    ask(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  return {
    get: (path) => ask(path, {}),
    post: (path, body) => send('POST', path, body),
    put: (path, body) => send('PUT', path, body),
    text: async (path) => {
      const response = await request(path, {})
      if (!response.ok) throw errorFrom(base, response.status, (await response.json().catch(() => null)) as Answer | null)
      return response.text()
    },
  }
}
