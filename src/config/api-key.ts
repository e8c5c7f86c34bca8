// The API key of the hub: it comes from the environment, only its hash is kept, and it is compared in constant time.
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { BelayError } from '../domain/errors.ts'

export const apiKeyVariable = 'BELAY_API_KEY'
/** 20 characters of a random key carry about 100 bits: beyond guessing over a network. */
const minApiKeyLength = 20

export const hashApiKey = (key: string): Uint8Array => createHash('sha256').update(key, 'utf8').digest()

/** Hashes first, so that neither the length nor the content of the key shows in the time taken. */
export const apiKeyMatches = (given: string, hash: Uint8Array): boolean => timingSafeEqual(hashApiKey(given), hash)

export const apiKeyHashFrom = (env: Readonly<Record<string, string | undefined>>): Uint8Array | null => {
  const key = env[apiKeyVariable]
  if (key === undefined || key === '') return null
  if (key.length < minApiKeyLength || key.trim() !== key)
    throw new BelayError('config-invalid', `The API key in ${apiKeyVariable} is too short or has white space around it.`, {
      fix: `Give it at least ${minApiKeyLength} characters, for example the output of: openssl rand -hex 24`,
    })
  return hashApiKey(key)
}

export const isLoopback = (host: string): boolean => {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '')
  if (name === 'localhost' || name === '::1') return true
  return isIP(name) === 4 && name.startsWith('127.')
}
