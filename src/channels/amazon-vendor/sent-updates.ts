// The inventory updates that this process has sent, one for each offer, the latest: what a sweep can ask Amazon about. A restart forgets them;
// nothing rests on them: what Amazon has not settled yet is in the stock documents, where the protocol asks about it, and what it has does not change.
import type { Identifiers } from './listing.ts'

export interface SentUpdate {
  readonly externalId: string
  readonly warehouseId: string
  readonly identifiers: Identifiers
  readonly quantity: number
  readonly transactionId: string
}

export interface SentUpdates {
  remember(update: SentUpdate): void
  /** In the order of their sending. */
  all(): readonly SentUpdate[]
}

/** About 3 MB; the oldest is forgotten first. */
const maxRemembered = 20_000

export const createSentUpdates = (): SentUpdates => {
  const updates = new Map<string, SentUpdate>()
  return {
    remember: (update) => {
      updates.delete(update.externalId)
      for (const oldest of updates.keys()) {
        if (updates.size < maxRemembered) break
        updates.delete(oldest)
      }
      updates.set(update.externalId, update)
    },
    all: () => [...updates.values()],
  }
}
