// What will happen later in a simulated platform (a submission takes effect, an order leaves Pending, a notice arrives), in order of
// time. Nothing runs by itself: whoever looks at the platform first lets everything happen that was due by then, each at its own time.
// So there are no timers to leak, and the order of events does not depend on how a clock wakes its sleepers.
import type { Clock } from '../../src/ports/clock.ts'
import { createTimeline } from '../world/timeline.ts'

/** Far above any session; reached only by a loop that schedules without end. */
const maxEffects = 1_000_000

interface Effect {
  readonly atMs: number
  readonly run: (atMs: number) => void
}

export interface Agenda {
  /** `run` gets the time it was due. A time in the past is due at once. */
  at(atMs: number, run: (atMs: number) => void): void
  /** Lets everything happen that is due by now. */
  runDue(): void
  /** When the next effect is due; null: nothing is planned. */
  nextAtMs(): number | null
  /** Called when something is planned that is earlier than all else, so that a waiter can shorten its sleep. */
  onEarlier(listener: () => void): void
}

export const createAgenda = (clock: Clock): Agenda => {
  const effects = createTimeline<Effect>()
  const listeners: (() => void)[] = []
  let running = false

  return {
    at: (atMs, run) => {
      if (effects.size >= maxEffects) throw new Error(`the simulator has more than ${maxEffects} effects planned`)
      const earliest = effects.first()
      effects.add({ atMs, run })
      if (!earliest || atMs < earliest.atMs) for (const listener of listeners) listener()
    },
    runDue: () => {
      if (running) return
      running = true
      try {
        const nowMs = clock.nowMs()
        for (let next = effects.first(); next && next.atMs <= nowMs; next = effects.first()) {
          effects.take()
          next.run(next.atMs)
        }
      } finally {
        running = false
      }
    },
    nextAtMs: () => effects.first()?.atMs ?? null,
    onEarlier: (listener) => {
      listeners.push(listener)
    },
  }
}
