// Taking turns, for processes that keep writing the same stock documents. Compare-and-swap alone is right at any number of processes, and
// fast as long as they seldom meet. Where they meet all the time, each commit spoils the others' work: measured, four processes on one hot
// SKU together fold a fifth of what one does. Then they commit one after the other, for some milliseconds each.
//
//   free -(a commit met a conflict)-> taking turns -(nobody was met for `calmAfterMs`)-> free
//
// A matter of speed only: who does not get the turn in time commits without it.
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { Store } from '../ports/store.ts'

const turnName = 'commits'
/** A process that dies in its turn holds the others up this long, once. */
const turnExpiresMs = 1_000
/** Then it is left to the others, if more is waiting here. */
const sliceMs = 50
/** Between two looks, on average: one small read each. After a whole slice longer, so that others come first. */
const lookEveryMs = 8
const stepBackMs = 15
/** Longest wait for a turn. */
const patienceMs = 1_000
const calmAfterMs = 2_000

export interface CommitTurn {
  /** Before a batch. Free: at once. True: others have had their turn since ours, so that what was known may be old. */
  enter(): Promise<boolean>
  /** After it. `more`: another batch is waiting here. `wrote`: it committed something. */
  leave(more: boolean, wrote: boolean): Promise<void>
  /** Another process wrote one of the same documents at the same time. */
  met(): void
}

/** For a process that has no others beside it. */
export const alone: CommitTurn = { enter: () => Promise.resolve(false), leave: () => Promise.resolve(), met: () => undefined }

export interface CommitTurnOptions {
  readonly store: Pick<Store, 'takeTurn' | 'endTurn'>
  readonly clock: Clock
  readonly random: Random
  readonly owner: string
}

export const createCommitTurn = ({ store, clock, random, owner }: CommitTurnOptions): CommitTurn => {
  let turnsUntilMs = 0
  let lastNumber = 0
  let heldSinceMs: number | null = null
  let waited = false

  const met = (): void => {
    turnsUntilMs = clock.nowMs() + calmAfterMs
  }

  const take = async (): Promise<boolean> => {
    const startedMs = clock.nowMs()
    waited = false
    while (clock.nowMs() - startedMs < patienceMs) {
      const nowMs = clock.nowMs()
      // A store that is away: the commit will say so.
      const number = await store.takeTurn(turnName, owner, nowMs + turnExpiresMs, nowMs).catch(() => undefined)
      if (number === undefined) return true
      if (number !== null) {
        const others = number !== lastNumber + 1
        lastNumber = number
        heldSinceMs = clock.nowMs()
        return others
      }
      waited = true
      await clock.sleep(lookEveryMs * (0.5 + random.next()))
    }
    return true
  }

  return {
    met,
    enter: async () => {
      if (heldSinceMs !== null || clock.nowMs() >= turnsUntilMs) return false
      return take()
    },
    leave: async (more, wrote) => {
      // Who waited for others that write, and writes, would have met them.
      if (waited && wrote) met()
      if (heldSinceMs === null) return
      const whole = clock.nowMs() - heldSinceMs >= sliceMs
      if (more && wrote && !whole) return
      heldSinceMs = null
      await store.endTurn(turnName, owner).catch(() => undefined)
      if (more && wrote) await clock.sleep(stepBackMs)
    },
  }
}
