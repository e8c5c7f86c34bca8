// What is planned, in order of time, then of entry: a binary heap. The order is the same however it was filled, which is what lets a
// seed decide a run. Entries are objects, so that a caller can keep one and change it.

export interface Planned {
  readonly atMs: number
}

export interface Timeline<T extends Planned> {
  readonly size: number
  add(entry: T): void
  /** The earliest, still in its place. */
  first(): T | undefined
  /** The earliest, taken out. */
  take(): T | undefined
}

interface Place<T> {
  readonly entry: T
  readonly order: number
}

export const createTimeline = <T extends Planned>(): Timeline<T> => {
  const heap: Place<T>[] = []
  let order = 0
  const before = (a: Place<T>, b: Place<T>): boolean => a.entry.atMs < b.entry.atMs || (a.entry.atMs === b.entry.atMs && a.order < b.order)

  /** Puts `place` where it belongs on the way down from the top. */
  const sink = (place: Place<T>): void => {
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      const left = heap[child]
      if (!left) break
      const right = heap[child + 1]
      if (right && before(right, left)) child += 1
      const earlier = heap[child] ?? left
      if (!before(earlier, place)) break
      heap[index] = earlier
      index = child
    }
    heap[index] = place
  }

  return {
    get size() {
      return heap.length
    },
    add: (entry) => {
      const place = { entry, order: order++ }
      let index = heap.push(place) - 1
      while (index > 0) {
        const above = (index - 1) >> 1
        const parent = heap[above]
        if (!parent || !before(place, parent)) break
        heap[index] = parent
        index = above
      }
      heap[index] = place
    },
    first: () => heap[0]?.entry,
    take: () => {
      const [first] = heap
      const last = heap.pop()
      if (last && last !== first) sink(last)
      return first?.entry
    },
  }
}
