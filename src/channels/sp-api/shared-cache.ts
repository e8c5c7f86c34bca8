// A bounded cache of values that end at a time (tokens). Asking for the same key while it is being obtained waits for that one
// request; a failure is told to all who waited and is not kept.
import type { Clock } from '../../ports/clock.ts'

export interface SharedCache<K> {
  get(key: K): Promise<string>
  holds(key: K, value: string): boolean
  drop(key: K): void
}

interface Entry {
  readonly value: string
  readonly untilMs: number
}

export const createSharedCache = <K>(options: {
  readonly clock: Clock
  readonly maxEntries: number
  readonly keyOf: (key: K) => string
  readonly obtain: (key: K) => Promise<Entry>
}): SharedCache<K> => {
  const entries = new Map<string, Entry>()
  const underWay = new Map<string, Promise<string>>()
  const keep = (text: string, entry: Entry): void => {
    entries.delete(text)
    for (const oldest of entries.keys()) {
      if (entries.size < options.maxEntries) break
      entries.delete(oldest)
    }
    entries.set(text, entry)
  }
  const start = async (key: K, text: string): Promise<string> => {
    try {
      const entry = await options.obtain(key)
      keep(text, entry)
      return entry.value
    } finally {
      underWay.delete(text)
    }
  }
  return {
    get: async (key) => {
      const text = options.keyOf(key)
      const entry = entries.get(text)
      if (entry && options.clock.nowMs() < entry.untilMs) return entry.value
      const running = underWay.get(text)
      if (running) return running
      const started = start(key, text)
      underWay.set(text, started)
      return started
    },
    holds: (key, value) => entries.get(options.keyOf(key))?.value === value,
    drop: (key) => {
      entries.delete(options.keyOf(key))
    },
  }
}
