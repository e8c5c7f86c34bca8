// A checksum of a set of documents that does not depend on their order, because two engines give them in different ones: the sum, modulo 2^256,
// of the SHA-256 of each document as JSON with its keys sorted. Two sets that differ in one character have different sums.
import { createHash } from 'node:crypto'

const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, canonical(each)]))
}

const modulus = 1n << 256n

export interface Checksum {
  add(value: unknown): void
  /** 64 hexadecimal digits. */
  text(): string
}

export const createChecksum = (): Checksum => {
  let sum = 0n
  return {
    add: (value) => {
      const digest = createHash('sha256')
        .update(JSON.stringify(canonical(value)))
        .digest('hex')
      sum = (sum + BigInt(`0x${digest}`)) % modulus
    },
    text: () => sum.toString(16).padStart(64, '0'),
  }
}
