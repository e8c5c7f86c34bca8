// Seeded chance for one purpose (a channel's shoppers, its network, the hub): the same seed gives the same throws, and taking one purpose
// away does not change the throws of the others, so that a failing world can be made smaller.
import type { Random } from '../../src/ports/random.ts'
import { seededRandom } from '../world/seeded-random.ts'

export interface Dice extends Random {
  /** Whole number from low to high, both included. */
  int(low: number, high: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly [T, ...T[]]): T
  /** Exponentially distributed around a mean: time to the next arrival. */
  wait(mean: number): number
}

export const diceOf = (seed: number, purpose: number): Dice => {
  const random = seededRandom(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(purpose + 1, 0xc2b2ae35))
  const next = (): number => random.next()
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    int,
    chance: (probability) => probability > 0 && next() < probability,
    pick: (items) => items[int(0, items.length - 1)] ?? items[0],
    wait: (mean) => Math.ceil(-Math.log(1 - next()) * mean),
    uuid: () => `00000000-0000-4000-8000-${int(0, 0xffffffff).toString(16).padStart(12, '0')}`,
  }
}
