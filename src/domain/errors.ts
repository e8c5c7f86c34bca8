// The closed set of errors that Belay raises on purpose. `docs/errors.md` has one line for each code, and a test ties the two.
// Anything that is not a BelayError is a bug: it is never retried and always loud.

/**
 * How the engine treats an error:
 * - `throttled`: the platform asked to wait; try again at `retryAtMs`; no attempt is spent.
 * - `retryable`: the request had no effect, or has no effect to lose (a read); back off and try again.
 * - `permanent`: trying again cannot help; a person must act, and `fix` says how.
 * - `ambiguous`: a write whose outcome is unknown. Never counted as failed.
 */
export type ErrorKind = 'throttled' | 'retryable' | 'permanent' | 'ambiguous'

export const errorCodes = {
  'address-not-loopback': 'permanent',
  'address-unavailable': 'permanent',
  'api-key-wrong': 'permanent',
  'backup-invalid': 'permanent',
  'body-malformed': 'permanent',
  'body-too-large': 'permanent',
  'channel-answer-malformed': 'ambiguous',
  'channel-credentials-rejected': 'permanent',
  'channel-permission-missing': 'permanent',
  'channel-rejected': 'permanent',
  'channel-throttled': 'throttled',
  'channel-timeout': 'ambiguous',
  'channel-unavailable': 'ambiguous',
  'channel-unreachable': 'retryable',
  'config-invalid': 'permanent',
  'connection-invalid': 'permanent',
  'hub-unreachable': 'retryable',
  'import-invalid': 'permanent',
  'insufficient-stock': 'permanent',
  'lease-lost': 'permanent',
  'listing-address-invalid': 'permanent',
  'listing-unknown': 'permanent',
  'movement-conflict': 'permanent',
  'movement-invalid': 'permanent',
  'node-too-old': 'permanent',
  'not-found': 'permanent',
  overloaded: 'throttled',
  'report-day-invalid': 'permanent',
  'request-invalid': 'permanent',
  'schema-pending': 'permanent',
  'schema-unknown': 'permanent',
  'secret-missing': 'permanent',
  'signature-wrong': 'permanent',
  'sku-unknown': 'permanent',
  'store-commit-unknown': 'ambiguous',
  'store-in-use': 'permanent',
  'store-moved': 'permanent',
  'store-not-empty': 'permanent',
  'store-unavailable': 'retryable',
  'store-unfinished': 'permanent',
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof errorCodes

export interface ErrorDetail {
  /** What a person should do about it, one sentence. */
  readonly fix?: string
  /** Earliest time to try again, epoch milliseconds (throttled only). */
  readonly retryAtMs?: number
  readonly cause?: unknown
}

export class BelayError extends Error {
  readonly code: ErrorCode
  readonly kind: ErrorKind
  readonly fix: string | undefined
  readonly retryAtMs: number | undefined

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    // An expected answer, not a bug: where it was made says nothing (a cause keeps its own stack), and capturing it costs more than deciding.
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    Error.stackTraceLimit = limit
    this.name = 'BelayError'
    this.code = code
    this.kind = errorCodes[code]
    this.fix = detail.fix
    this.retryAtMs = detail.retryAtMs
  }
}

export const isBelayError = (value: unknown, code?: ErrorCode): value is BelayError =>
  value instanceof BelayError && (code === undefined || value.code === code)
