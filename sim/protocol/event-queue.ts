// What happens next: a binary heap by time, then by order of entry. No promises: a run is one loop.

interface Entry {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

export interface EventQueue {
  nowMs(): number
  /** In `delayMs` from now, at the earliest now. */
  after(delayMs: number, run: () => void): void
  /** Runs the next event due at or before `untilMs`; false: there is none, and it is `untilMs` now. */
  step(untilMs: number): boolean
}

const before = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

export const createEventQueue = (startMs: number): EventQueue => {
  const heap: Entry[] = []
  let nowMs = startMs
  let order = 0

  const sink = (entry: Entry): void => {
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      const left = heap[child]
      if (!left) break
      const right = heap[child + 1]
      if (right && before(right, left)) child += 1
      const smaller = heap[child] ?? left
      if (!before(smaller, entry)) break
      heap[index] = smaller
      index = child
    }
    heap[index] = entry
  }

  return {
    nowMs: () => nowMs,
    after: (delayMs, run) => {
      const entry = { atMs: nowMs + Math.max(0, Math.round(delayMs)), order: order++, run }
      let index = heap.length
      heap.push(entry)
      while (index > 0) {
        const parent = (index - 1) >> 1
        const above = heap[parent]
        if (!above || !before(entry, above)) break
        heap[index] = above
        index = parent
      }
      heap[index] = entry
    },
    step: (untilMs) => {
      const [first] = heap
      if (!first || first.atMs > untilMs) {
        nowMs = untilMs
        return false
      }
      const last = heap.pop()
      if (last && last !== first) sink(last)
      nowMs = first.atMs
      first.run()
      return true
    },
  }
}
