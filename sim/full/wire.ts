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
  /** How old a copy may be that answers a stock read. */
  readonly staleMs: number
  readonly faults: () => WireFaults
  readonly isOut: () => boolean
  readonly crash: (where: string) => void
  readonly told: () => void
}

/** What reads stock levels, and nothing else: [listingsItems 2021-08-01], Shopify's query Levels. */
const readsStock = (request: Request, body: string): boolean =>
  request.method === 'GET' ? new URL(request.url).pathname.startsWith('/listings/') : body.includes('query Levels(')

interface Copy {
  readonly atMs: number
  readonly text: string
  readonly answer: Response
}

/** Answers kept to be given again; the oldest goes first. */
const maxCopies = 256

const failure = (code: string): TypeError => new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })

export const createWire = (options: WireOptions): Fetch => {
  const { life, clock, dice, told } = options
  const copies = new Map<string, Copy>()

  /** Asks the platform, or a copy of it that lags behind. */
  const ask = async (request: Request, stale: boolean): Promise<Response> => {
    const body = request.method === 'GET' ? '' : await request.clone().text()
    if (options.staleMs === 0 || !readsStock(request, body)) return await options.platform(request)
    const name = `${request.url}\n${body}`
    const copy = copies.get(name)
    const nowMs = clock.nowMs()
    if (stale && copy && copy.atMs > nowMs - options.staleMs) return new Response(copy.text, copy.answer)
    const answer = await options.platform(request)
    if (answer.status !== 200) return answer
    const text = await answer.text()
    copies.delete(name)
    copies.set(name, { atMs: nowMs, text, answer })
    const [oldest] = copies.keys()
    if (copies.size > maxCopies && oldest !== undefined) copies.delete(oldest)
    return new Response(text, answer)
  }

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
    const stale = faults.staleRead > 0 && dice.chance(faults.staleRead)
    if (refused || (options.isOut() && dice.chance(0.5))) {
      await clock.pause(thereMs, life)
      throw failure('ECONNREFUSED')
    }
    if (requestLost || options.isOut()) return never()
    const request = new Request(input, { ...init, signal: null })
    const arrive = async (): Promise<Response> => {
      told()
      return await ask(request, stale)
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
