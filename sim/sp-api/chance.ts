// Dice of the simulated platforms. A probability of 0 draws nothing, so that a run without faults is the same whatever the seed's use elsewhere.
import type { Random } from '../../src/ports/random.ts'

export interface DelayRange {
  readonly minMs: number
  readonly maxMs: number
}

export const chance = (random: Random, probability: number): boolean => probability > 0 && random.next() < probability

/** A whole number of milliseconds in the range, both ends included. */
export const delayMs = (random: Random, range: DelayRange): number =>
  range.maxMs <= range.minMs ? range.minMs : range.minMs + Math.floor(random.next() * (range.maxMs - range.minMs + 1))

export const pick = (random: Random, alphabet: string, count: number): string => {
  let text = ''
  for (let i = 0; i < count; i++) text += alphabet.charAt(Math.floor(random.next() * alphabet.length))
  return text
}

/** What a caller sees whose request had its effect and whose connection then broke: the same kind of error that fetch throws. */
export const lostAnswer = (): TypeError => new TypeError('fetch failed: the connection broke after the request had its effect')
