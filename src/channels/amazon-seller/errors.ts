// What went wrong with one item, as the outcome the engine understands. The classification of the wire is in ../sp-api/errors.ts.
import { BelayError, isBelayError } from '../../domain/errors.ts'
import type { PushOutcome, ReadOutcome } from '../../ports/channel.ts'
import { ExchangeFailure } from '../http/exchange.ts'

/** Anything that is not a BelayError is a bug and goes on up. */
const known = (error: unknown): BelayError => {
  if (isBelayError(error)) return error
  throw error
}

/**
 * Only what Amazon says of the listing itself is a rejection. Refused credentials are the account's trouble: nothing was changed, and
 * no listing is to blame.
 */
export const pushFailure = (error: unknown): PushOutcome => {
  const { kind, code, message, fix, retryAtMs } = known(error)
  if (kind === 'throttled') return { kind: 'throttled', retryAtMs: retryAtMs ?? 0 }
  if (kind === 'ambiguous') return { kind: 'ambiguous', code, message }
  if (code === 'channel-rejected') return { kind: 'rejected', code, message, fix: fix ?? 'Correct the listing in Seller Central.' }
  return { kind: 'unsent', code, message }
}

export const readFailure = (error: unknown): ReadOutcome => {
  const { kind, code, message, retryAtMs } = known(error)
  return kind === 'throttled' ? { kind: 'throttled', retryAtMs: retryAtMs ?? 0 } : { kind: 'failed', code, message }
}

const textOf = (error: unknown, name: string): string => {
  const value = typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined
  return typeof value === 'string' ? value : ''
}

const statusOf = (error: unknown): number => {
  const metadata = typeof error === 'object' && error !== null ? (error as Record<string, unknown>)['$metadata'] : undefined
  const status = typeof metadata === 'object' && metadata !== null ? (metadata as Record<string, unknown>)['httpStatusCode'] : undefined
  return typeof status === 'number' ? status : 0
}

/** Names of SQS errors (API reference, "Common errors" and per action). Taking and removing messages is harmless to repeat. */
export const queueError = (action: string, error: unknown, nowMs: number): BelayError => {
  if (isBelayError(error)) return error
  const name = textOf(error, 'name')
  const status = statusOf(error)
  const text = `SQS ${action}: ${name === '' ? 'failed' : name}`
  const detail = { cause: error }
  if (error instanceof ExchangeFailure) return new BelayError('channel-unreachable', `SQS ${action}: ${error.message}`, detail)
  if (/throttl|OverLimit/i.test(name) || status === 429)
    return new BelayError('channel-throttled', text, { ...detail, retryAtMs: nowMs + 1000 })
  if (/CredentialsProvider|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidSignature|ExpiredToken/i.test(name))
    return new BelayError('channel-credentials-rejected', text, {
      ...detail,
      fix: 'Check accessKeyId and secretAccessKey of the queue, or the AWS role of this machine.',
    })
  if (/QueueDoesNotExist|NonExistentQueue|QueueDeletedRecently/i.test(name))
    return new BelayError('channel-rejected', text, { ...detail, fix: 'Check queueUrl and region: AWS knows no such queue.' })
  if (status === 403)
    return new BelayError('channel-permission-missing', text, {
      ...detail,
      fix: 'Allow sqs:ReceiveMessage, sqs:DeleteMessage and sqs:GetQueueAttributes on the queue to these credentials.',
    })
  if (status >= 400 && status < 500) return new BelayError('channel-rejected', text, { ...detail, fix: 'Check the settings of the queue.' })
  return new BelayError('channel-unreachable', text, detail)
}
