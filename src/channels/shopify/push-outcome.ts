// What a refusal of Shopify means for the items it speaks of.
import type { BelayError, ErrorCode } from '../../domain/errors.ts'
import type { PushOutcome } from '../../ports/channel.ts'
import { quoted } from './errors.ts'
import type { UserError } from './operations.ts'

export const rejected = (code: ErrorCode, message: string, fix: string): PushOutcome => ({ kind: 'rejected', code, message, fix })

const fixes: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  INVALID_INVENTORY_ITEM: ['listing-unknown', 'The inventory item is gone: remove the listing or map it anew.'],
  INVALID_LOCATION: ['listing-unknown', 'The location is gone or inactive: correct the channel and its listings.'],
  INVALID_REASON: ['channel-rejected', 'Set `reason` of the channel to a word that Shopify takes, for example correction.'],
  NON_MUTABLE_INVENTORY_ITEM: ['channel-rejected', 'A bundle has no stock of its own: map its components.'],
}

/** What one user error means for the item it speaks of. */
export const outcomeOfUserError = (error: UserError): PushOutcome => {
  const message = quoted(`${error.code ?? 'refused'}: ${error.message}`)
  switch (error.code) {
    case 'CHANGE_FROM_QUANTITY_STALE':
    case 'COMPARE_QUANTITY_STALE':
    // The attempt before this one failed, and its key with it: nothing was changed, and the next plan comes under a new key.
    case 'IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED':
      return { kind: 'stale', quantity: null }
    // The same key is being carried out right now; asked again under it, the result will be told.
    case 'IDEMPOTENCY_CONCURRENT_REQUEST':
    // Of the platform's own troubles it is not told what they left behind.
    case 'ADJUST_QUANTITIES_FAILED':
    case 'SERVICE_UNAVAILABLE':
      return { kind: 'ambiguous', code: 'channel-unavailable', message }
    default: {
      const [code, fix] = fixes[error.code ?? ''] ?? ['channel-rejected', 'Look at the item in Shopify.']
      return rejected(code, message, fix)
    }
  }
}

/** `["input","quantities","3","changeFromQuantity"]` -> 3 of `quantities`; null: it speaks of the whole request. */
export const indexOfField = (field: readonly string[] | null, list: 'quantities' | 'changes'): number | null => {
  const at = field?.indexOf(list) ?? -1
  const text = at < 0 ? undefined : field?.[at + 1]
  return text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : null
}

export const outcomeOfError = (error: BelayError): PushOutcome => {
  switch (error.kind) {
    case 'throttled':
      return { kind: 'throttled', retryAtMs: error.retryAtMs ?? 0 }
    case 'ambiguous':
      return { kind: 'ambiguous', code: error.code, message: error.message }
    // Refused as a whole, for the account and not for an item: no listing is to blame.
    case 'permanent':
    case 'retryable':
      return { kind: 'unsent', code: error.code, message: error.message }
  }
}
