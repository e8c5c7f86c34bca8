// Support for tests: calls a simulated account as its owner would and holds every answer to the official model. An answer that breaks the
// contract fails the call that got it.
import type { Simulator } from '../simulator.ts'
import type { Credentials } from './login.ts'
import type { Operation } from './operation.ts'

export const testCredentials: Credentials = {
  clientId: 'amzn1.application-oa2-client.test',
  clientSecret: 'client-secret-of-the-tests',
  refreshToken: 'Atzr|refresh-token-of-the-tests',
}

interface CallOptions {
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** Instead of the caller's own token; '' sends none. */
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface CallResult {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

export interface ContractCaller {
  call(method: string, path: string, options?: CallOptions): Promise<CallResult>
  /** A fresh token; `scope` asks for a grantless one. */
  token(scope?: string): Promise<string>
  exchange(form: Readonly<Record<string, string>>): Promise<CallResult>
}

const host = 'https://sellingpartnerapi-eu.amazon.com'

const resultOf = async (response: Response): Promise<CallResult> => {
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers }
}

/** Waits for a call whose answer may be lost on the way; any other failure is the caller's. */
export const unlessLost = async (call: Promise<unknown>): Promise<void> => {
  try {
    await call
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
}

export const createContractCaller = (simulator: Simulator, operations: readonly Operation[]): ContractCaller => {
  let ownToken: string | undefined

  const exchange = async (form: Readonly<Record<string, string>>): Promise<CallResult> =>
    resultOf(
      await simulator.fetch(
        new Request('https://api.amazon.com/auth/o2/token', {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
          body: new URLSearchParams(form).toString(),
        }),
      ),
    )

  const token = async (scope?: string): Promise<string> => {
    const { clientId, clientSecret, refreshToken } = testCredentials
    const client = { client_id: clientId, client_secret: clientSecret }
    const grant: Readonly<Record<string, string>> =
      scope === undefined ? { grant_type: 'refresh_token', refresh_token: refreshToken } : { grant_type: 'client_credentials', scope }
    const { body } = await exchange({ ...client, ...grant })
    return (body as { readonly access_token: string }).access_token
  }

  return {
    exchange,
    token,
    call: async (method, path, options = {}) => {
      ownToken ??= await token()
      const accessToken = options.token ?? ownToken
      const url = new URL(path, host)
      for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.set(name, value)
      const request = new Request(url, {
        method,
        headers: {
          'user-agent': 'ContractCaller/1.0 (Language=TypeScript)',
          ...(accessToken === '' ? {} : { 'x-amz-access-token': accessToken }),
          ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...options.headers,
        },
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      })
      const result = await resultOf(await simulator.fetch(request))
      const operation = operations.find((each) => each.method === method && each.match(url.pathname) !== null)
      if (!operation) throw new Error(`no operation is known for ${method} ${url.pathname}`)
      const violation = operation.checkAnswer(result.status, result.body)
      if (violation)
        throw new Error(`the answer ${result.status} of ${operation.name} breaks its contract: ${violation.field} ${violation.message}`)
      return result
    },
  }
}
