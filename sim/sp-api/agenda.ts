// What will happen later in a simulated platform (a submission takes effect, an order leaves Pending, a notice arrives), in order of
// time. Nothing runs by itself: whoever looks at the platform first lets everything happen that was due by then, each at its own time.
// So there are no timers to leak, and the order of events does not depend on how a clock wakes its sleepers.
import type { Clock } from '../../src/ports/clock.ts'

/** Far above any session; reached only by a loop that schedules without end. */
const maxEffects = 1_000_000

interface Effect {
  readonly atMs: number
  readonly order: number
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

const before = (a: Effect, b: Effect): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

export const createAgenda = (clock: Clock): Agenda => {
  // A binary heap: heap[0] is the earliest.
  const heap: Effect[] = []
  const listeners: (() => void)[] = []
  let order = 0
  let running = false

  const lift = (effect: Effect): void => {
    let index = heap.push(effect) - 1
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex]
      if (!parent || !before(effect, parent)) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = effect
  }

  const takeFirst = (): Effect | undefined => {
    const first = heap[0]
    const last = heap.pop()
    if (!first || !last || heap.length === 0) return first
    let index = 0
    for (;;) {
      let childIndex = 2 * index + 1
      let child = heap[childIndex]
      const sibling = heap[childIndex + 1]
      if (child && sibling && before(sibling, child)) {
        child = sibling
        childIndex += 1
      }
      if (!child || !before(child, last)) break
      heap[index] = child
      index = childIndex
    }
    heap[index] = last
    return first
  }

  return {
    at: (atMs, run) => {
      if (heap.length >= maxEffects) throw new Error(`the simulator has more than ${maxEffects} effects planned`)
      const earliest = heap[0]
      lift({ atMs, order: order++, run })
      if (!earliest || atMs < earliest.atMs) for (const listener of listeners) listener()
    },
    runDue: () => {
      if (running) return
      running = true
      try {
        const nowMs = clock.nowMs()
        for (let next = heap[0]; next && next.atMs <= nowMs; next = heap[0]) {
          takeFirst()
          next.run(next.atMs)
        }
      } finally {
        running = false
      }
    },
    nextAtMs: () => heap[0]?.atMs ?? null,
    onEarlier: (listener) => {
      listeners.push(listener)
    },
  }
}
