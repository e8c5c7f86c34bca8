// A fetch that plays Amazon from a script: Login with Amazon is answered by itself, every other request by the test; all are recorded.
import type { Fetch } from '../../../src/ports/channel.ts'
import type { ChannelObserver } from '../../../src/ports/metrics.ts'

export interface RecordedRequest {
  readonly method: string
  readonly url: URL
  readonly headers: Headers
  /** Parsed JSON, or the text where it is none. */
  readonly body: unknown
}

export interface ScriptedAmazon {
  readonly fetch: Fetch
  readonly requests: RecordedRequest[]
  /** Requests for a token, apart from the others. */
  readonly logins: URLSearchParams[]
  answer: (request: RecordedRequest) => Response | Promise<Response>
  login: (form: URLSearchParams) => Response | Promise<Response>
}

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  Response.json(body, { status, headers })

export const problem = (status: number, code = 'SomeCode', message = 'Some message.'): Response =>
  json({ errors: [{ code, message, details: '' }] }, status)

const bodyOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

export const scriptedAmazon = (answer: ScriptedAmazon['answer'] = () => json({})): ScriptedAmazon => {
  let issued = 0
  const script: ScriptedAmazon = {
    requests: [],
    logins: [],
    answer,
    login: () => {
      issued += 1
      return json({ access_token: `Atza|token-${issued}`, token_type: 'bearer', expires_in: 3600 })
    },
    fetch: async (input, init) => {
      const request = new Request(input, init)
      const url = new URL(request.url)
      const text = await request.text()
      if (url.pathname === '/auth/o2/token') {
        const form = new URLSearchParams(text)
        script.logins.push(form)
        return script.login(form)
      }
      const recorded = { method: request.method, url, headers: request.headers, body: text === '' ? undefined : bodyOf(text) }
      script.requests.push(recorded)
      return script.answer(recorded)
    },
  }
  return script
}

export interface RecordingObserver extends ChannelObserver {
  readonly seen: string[]
  readonly errors: string[]
}

export const recordingObserver = (): RecordingObserver => {
  const seen: string[] = []
  const errors: string[] = []
  return {
    seen,
    errors,
    request: (operation, outcome) => {
      seen.push(`${operation} ${outcome}`)
    },
    error: (operation, code, message) => {
      errors.push(`${operation} ${code} ${message}`)
    },
  }
}

export const sellerSettings = {
  id: 'amazon-eu',
  endpoint: 'https://sellingpartnerapi-eu.amazon.com',
  sellerId: 'A3TH9S8BH6GOGM',
  marketplaceIds: ['A1PA6795UKMFR9', 'A13V1IB3VIYZZH'],
  clientId: 'amzn1.application-oa2-client.test',
  clientSecret: 'the-client-secret',
  refreshToken: 'Atzr|the-refresh-token',
}
