// A process's way to one platform and back: late, refused, lost, broken, or carried out long after anyone waited for it. Requests that left
// a process go on without it when it dies. Bodies are the real ones.
import type { Fetch } from '../../src/ports/channel.ts'
import type { Dice } from '../protocol/dice.ts'
import { never } from './faulty-store.ts'
import type { WireFaults } from './scenario.ts'
import type { Life, WorldClock } from './world-clock.ts'

export interface WireOptions {
  readonly platform: (request: Request) => Promise<Response>
  readonly life: Life
  readonly clock: WorldClock
  readonly dice: Dice
  readonly latencyMs: number
  readonly faults: () => WireFaults
  readonly isOut: () => boolean
  readonly crash: (where: string) => void
  readonly told: () => void
}

const failure = (code: string): TypeError => new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })

export const createWire = (options: WireOptions): Fetch => {
  const { life, clock, dice, told } = options
  return async (input, init) => {
    if (!life.alive) return never()
    const faults = options.faults()
    if (dice.chance(faults.crash)) options.crash('before a request')
    if (!life.alive) return never()
    if (life.frozenUntilMs > clock.nowMs()) await clock.pause(life.frozenUntilMs - clock.nowMs(), life)
    told()
    // Drawn here, all of it, so that what happens to this request does not change the throws for the next.
    const refused = dice.chance(faults.refused)
    const requestLost = dice.chance(faults.requestLost)
    const zombie = dice.chance(faults.zombie)
    const answerLost = dice.chance(faults.answerLost)
    const answerBroken = dice.chance(faults.answerBroken)
    const crashAfter = dice.chance(faults.crash)
    const thereMs = dice.int(1, options.latencyMs)
    const backMs = dice.int(1, options.latencyMs)
    const zombieMs = dice.int(1, Math.max(1, faults.zombieMs))
    if (refused || (options.isOut() && dice.chance(0.5))) {
      await clock.pause(thereMs, life)
      throw failure('ECONNREFUSED')
    }
    if (requestLost || options.isOut()) return never()
    const request = new Request(input, { ...init, signal: null })
    const arrive = async (): Promise<Response> => {
      told()
      return await options.platform(request)
    }
    if (zombie) {
      clock.after(zombieMs, () => void arrive().catch(() => undefined))
      return never()
    }
    await clock.pause(thereMs)
    let answer: Response
    try {
      answer = await arrive()
    } catch (error) {
      await clock.pause(backMs, life)
      throw error
    }
    if (answerLost) return never()
    await clock.pause(backMs, life)
    if (!life.alive) return never()
    told()
    if (crashAfter) options.crash('after an answer')
    if (!life.alive) return never()
    if (answerBroken) throw failure('ECONNRESET')
    return answer
  }
}
