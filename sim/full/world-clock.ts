// The one clock of a run: alarms by time, then by order of entry. It stands still until `step`, which goes to the next alarm, runs
// everything due at that millisecond, and lets all that needs no time come to rest: turns of the event loop until nobody waits for another
// one. That is exact, since nothing in a run waits for anything but this clock and such turns (`extraTurns` is for the test that proves it).
// A process (`Life`) sees it through a view of its own: late by its freezes, off by its skew, and still for ever once it is dead.
import type { Clock } from '../../src/ports/clock.ts'
import { createTimeline } from '../world/timeline.ts'

/** One run of a hub process. */
export interface Life {
  readonly name: string
  alive: boolean
  /** Stopped by its machine until then; what falls due meanwhile happens afterwards. */
  frozenUntilMs: number
}

interface Alarm {
  readonly atMs: number
  ring: (() => void) | null
  readonly life: Life | null
}

export interface WorldClock {
  nowMs(): number
  /** Runs `ring` in `delayMs`; returns the way to call it off. With a life: not after its end, not while it is frozen. */
  after(delayMs: number, ring: () => void, life?: Life | null): () => void
  pause(delayMs: number, life?: Life | null): Promise<void>
  view(life: Life | null, skewMs: number): Clock
  /** False: nothing is due at or before `untilMs`; it is `untilMs` then. */
  step(untilMs: number): Promise<boolean>
  settle(): Promise<void>
}

/** Far above what any batch of work takes: somebody asks again and again without time passing. */
const maxTurns = 20_000

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

export const createWorldClock = (startMs: number, extraTurns = 0): WorldClock => {
  const alarms = createTimeline<Alarm>()
  let nowMs = startMs

  const settle = async (): Promise<void> => {
    let turns = 0
    do {
      await turn()
      if (++turns > maxTurns) throw new Error(`a run does not come to rest at ${nowMs}`)
    } while (process.getActiveResourcesInfo().includes('Immediate'))
    for (let more = 0; more < extraTurns; more++) await turn()
  }

  const after: WorldClock['after'] = (delayMs, ring, life = null) => {
    const alarm: Alarm = { atMs: nowMs + Math.max(0, Math.ceil(delayMs)), ring, life }
    alarms.add(alarm)
    return () => {
      alarm.ring = null
    }
  }

  /** Runs an alarm unless its process is gone; puts it off while that is frozen. */
  const run = (alarm: Alarm): void => {
    const { ring, life } = alarm
    if (!ring || (life && !life.alive)) return
    if (life && life.frozenUntilMs > nowMs) {
      after(life.frozenUntilMs - nowMs, ring, life)
      return
    }
    ring()
  }

  const clock: WorldClock = {
    nowMs: () => nowMs,
    after,
    pause: (delayMs, life = null) =>
      new Promise((resolve) => {
        after(delayMs, resolve, life)
      }),
    view: (life, skewMs) => ({
      nowMs: () => nowMs + skewMs,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted) return resolve()
          const done = (): void => {
            cancel()
            signal?.removeEventListener('abort', done)
            resolve()
          }
          const cancel = after(ms, done, life)
          signal?.addEventListener('abort', done, { once: true })
        }),
    }),
    step: async (untilMs) => {
      let next = alarms.first()
      while (next && !next.ring) {
        alarms.take()
        next = alarms.first()
      }
      if (!next || next.atMs > untilMs) {
        nowMs = untilMs
        return false
      }
      nowMs = next.atMs
      const due: Alarm[] = []
      for (let each: Alarm | undefined = next; each && each.atMs <= nowMs; each = alarms.first()) {
        alarms.take()
        due.push(each)
      }
      for (const alarm of due) run(alarm)
      await settle()
      return true
    },
    settle,
  }
  return clock
}
