// Every error as JSON `{ error: { code, message, fix } }` under the HTTP status that tells the caller what to do: 4xx mend the request,
// 503 send it again. What is not a BelayError is a bug: the caller gets its request id, the log gets the rest.
import type { Context } from 'hono'
import { type BelayError, type ErrorCode, isBelayError } from '../domain/errors.ts'

export type ErrorStatus = 400 | 401 | 403 | 404 | 409 | 413 | 422 | 500 | 502 | 503

const statuses: Readonly<Record<ErrorCode, ErrorStatus>> = {
  'address-not-loopback': 403,
  'address-unavailable': 500,
  'api-key-wrong': 401,
  'backup-invalid': 400,
  'body-malformed': 400,
  'body-too-large': 413,
  'channel-answer-malformed': 502,
  'channel-credentials-rejected': 502,
  'channel-permission-missing': 502,
  'channel-rejected': 502,
  'channel-throttled': 503,
  'channel-timeout': 502,
  'channel-unavailable': 502,
  'channel-unreachable': 502,
  'config-invalid': 500,
  'hub-unreachable': 502,
  'connection-invalid': 422,
  'import-invalid': 422,
  'insufficient-stock': 409,
  'lease-lost': 503,
  'listing-address-invalid': 400,
  'listing-unknown': 404,
  'movement-conflict': 409,
  'movement-invalid': 400,
  'node-too-old': 500,
  'not-found': 404,
  overloaded: 503,
  'report-day-invalid': 400,
  'request-invalid': 400,
  'schema-pending': 500,
  'schema-unknown': 500,
  'secret-missing': 500,
  'signature-wrong': 401,
  'sku-unknown': 404,
  'store-commit-unknown': 503,
  'store-in-use': 409,
  'store-moved': 503,
  'store-not-empty': 409,
  'store-unavailable': 503,
  'store-unfinished': 503,
}

export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly fix: string | null }
}

export const errorBody = (error: BelayError): ErrorBody => ({
  error: { code: error.code, message: error.message, fix: error.fix ?? null },
})

export const statusOf = (error: unknown): ErrorStatus => (isBelayError(error) ? statuses[error.code] : 500)

/** Seconds to wait before a request is sent again. */
const retryAfter = (error: BelayError, nowMs: number): string =>
  String(error.retryAtMs === undefined ? 1 : Math.max(1, Math.ceil((error.retryAtMs - nowMs) / 1000)))

export const answerError = (c: Context, error: unknown, requestId: string, nowMs: number): Response => {
  const status = statusOf(error)
  if (!isBelayError(error))
    return c.json<ErrorBody>(
      {
        error: {
          code: 'internal',
          message: `Something failed that should not. Request ${requestId}.`,
          fix: 'Look for this request id in the log of the hub; it is a mistake in Belay, please report it.',
        },
      },
      status,
    )
  if (status === 503) c.header('Retry-After', retryAfter(error, nowMs))
  if (status === 401 && error.code === 'api-key-wrong') c.header('WWW-Authenticate', 'Bearer realm="belay"')
  // The connection still carries the rest of a body that nobody will read.
  if (status === 413) c.header('Connection', 'close')
  return c.json<ErrorBody>(errorBody(error), status)
}
