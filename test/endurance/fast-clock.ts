// A clock that runs `speed` times as fast as the machine's, so that half an hour of trade takes minutes. Every process that is given the same
// text reads the same time from it, within the machine's own accuracy: a hub that is killed and started again finds the clock gone on.
// Only the programs of this folder take it; the product knows no clock but the machine's.
import { systemClock } from '../../src/engine/system-clock.ts'
import type { Clock } from '../../src/ports/clock.ts'

export interface FastClock {
  readonly originMs: number
  readonly speed: number
}

/** How the clock gets into a hub's process. */
export const clockVariable = 'BELAY_ENDURANCE_CLOCK'

export const clockText = ({ originMs, speed }: FastClock): string => `${originMs}x${speed}`

export const parseClock = (text: string | undefined): FastClock => {
  const [, originMs, speed] = /^(\d{1,15})x(\d{1,4}(?:\.\d{1,3})?)$/.exec(text ?? '') ?? []
  if (originMs === undefined || speed === undefined || Number(speed) === 0)
    throw new Error(`${clockVariable} must be ORIGIN_MSxSPEED, for example 1700000000000x10`)
  return { originMs: Number(originMs), speed: Number(speed) }
}

/** `machine`: what it runs faster than. */
export const fastClock = ({ originMs, speed }: FastClock, machine: Clock = systemClock): Clock => ({
  nowMs: () => Math.floor(originMs + (machine.nowMs() - originMs) * speed),
  // Rounded up: a sleep that ends early would be begun again at once by who waits for an instant.
  sleep: (ms, signal) => machine.sleep(Math.ceil(ms / speed), signal),
})
