// The first few of many, in the order of `before`: never more than `most` are held.

export interface TopList<T> {
  add(item: T): void
  items(): readonly T[]
}

/** `compare`: negative when `a` comes first. Items that compare equal keep the order in which they came. */
export const topList = <T>(most: number, compare: (a: T, b: T) => number): TopList<T> => {
  const items: T[] = []
  return {
    add: (item) => {
      const last = items.at(-1)
      if (items.length >= most && (last === undefined || compare(item, last) >= 0)) return
      let low = 0
      let high = items.length
      while (low < high) {
        const middle = (low + high) >> 1
        if (compare(items[middle] as T, item) <= 0) low = middle + 1
        else high = middle
      }
      items.splice(low, 0, item)
      if (items.length > most) items.pop()
    },
    items: () => items,
  }
}
