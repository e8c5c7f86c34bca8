// Numbers as people say them: units, durations, the constants that protection rests on. English, no jargon; exact where a person checks it.
import type { ChannelConstants } from './settings.ts'

/** "1 unit", "3 units". */
export const unitsText = (units: number): string => `${units} ${units === 1 ? 'unit' : 'units'}`

const parts: readonly (readonly [name: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
]

/** The two largest parts, rounded down: "2 d 3 h", "1 h 5 min", "2 min 30 s", "10 s"; below a second "250 ms". */
export const spanText = (ms: number): string => {
  const whole = Math.max(0, Math.floor(ms))
  const index = parts.findIndex(([, size]) => whole >= size)
  const [large, small] = index < 0 ? [] : [parts[index], parts[index + 1]]
  if (!large) return `${whole} ms`
  const rest = small ? Math.floor((whole % large[1]) / small[1]) : 0
  return `${Math.floor(whole / large[1])} ${large[0]}${small && rest > 0 ? ` ${rest} ${small[0]}` : ''}`
}

/** L, eps, H, D and sigma, each with what it assumes. */
export const constantsText = (constants: ChannelConstants): string =>
  [
    `every order is visible within ${spanText(constants.orderVisibilityMs)} (L)`,
    `clocks differ by at most ${spanText(constants.clockSkewMs)} (eps)`,
    `a checkout holds a unit for at most ${spanText(constants.checkoutHoldMs)} (H)`,
    `a request takes effect within ${spanText(constants.requestLifetimeMs)} or never (D)`,
    `a read is at most ${spanText(constants.readStalenessMs)} old (sigma)`,
  ].join(', ')
