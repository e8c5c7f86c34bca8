// Remembers when the latest cause (a sale, a movement) of each stock document arrived, so that a push can tell how far it is behind.
// For people and metrics only; bounded; lost with the process.
import { type StockKey, stockKeyText } from '../domain/ids.ts'

const maxCauses = 20_000

export interface CauseBook {
  arrived(key: StockKey, atMs: number): void
  /** Arrival of the latest cause that this channel has not answered yet, and marks it answered; null: none. */
  answer(key: StockKey, channel: string): number | null
}

/** Shared: most causes are movements that no channel has to answer. */
const unanswered: readonly string[] = []

export const createCauseBook = (): CauseBook => {
  const causes = new Map<string, { readonly atMs: number; answered: readonly string[] }>()
  return {
    arrived: (key, atMs) => {
      const text = stockKeyText(key)
      causes.delete(text)
      causes.set(text, { atMs, answered: unanswered })
      if (causes.size > maxCauses) {
        const oldest = causes.keys().next()
        if (!oldest.done) causes.delete(oldest.value)
      }
    },
    answer: (key, channel) => {
      const cause = causes.get(stockKeyText(key))
      if (!cause || cause.answered.includes(channel)) return null
      cause.answered = [...cause.answered, channel]
      return cause.atMs
    },
  }
}
