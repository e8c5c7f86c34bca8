// Every request to Shopify is a POST of JSON.
import type { Fetch } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import { type Answer, exchange } from '../http/exchange.ts'

interface JsonRequest {
  readonly address: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly sendBeforeMs?: number
}

export const post = (
  ports: { readonly fetch: Fetch; readonly clock: Clock },
  { address, headers, ...rest }: JsonRequest,
): Promise<Answer> =>
  exchange(ports, address, {
    ...rest,
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json', 'user-agent': 'Belay/0.1', ...headers },
  })
