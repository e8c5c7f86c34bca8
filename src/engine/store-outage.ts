// A store that does not answer is one message and not one from each loop: a warning when it begins, with what to do, and a line when it
// is over, with its length. What the loops say of the same failure meanwhile is left out; anything else they say is not.
// Only watches: every call and every error goes through as it is.
import { isBelayError } from '../domain/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import type { Logger } from './context.ts'

/** After so long without a failure any answer ends the outage: a call that is made once an hour does not hold it open. */
const calmMs = 10_000
/** What the store has said of one outage; the texts are few, and more of them are logged as they come. */
const maxTexts = 16

interface Outage {
  readonly sinceMs: number
  lastFailureMs: number
  /** The first answer after the last failure. */
  answeredAtMs: number | null
  /** Calls that have failed and not worked since. With a full disk reads go on; they do not end it. Bounded by the store's interface. */
  readonly failing: Set<string>
  readonly texts: Set<string>
}

export interface WatchedStore {
  readonly store: Store
  readonly log: Logger
}

export const watchOutages = ({
  store,
  log,
  clock,
}: {
  readonly store: Store
  readonly log: Logger
  readonly clock: Clock
}): WatchedStore => {
  let outage: Outage | null = null

  const failed = (call: string, error: unknown): void => {
    const away = isBelayError(error, 'store-unavailable')
    if (!away && !(outage && isBelayError(error, 'store-commit-unknown'))) return
    const nowMs = clock.nowMs()
    if (!outage) {
      outage = { sinceMs: nowMs, lastFailureMs: nowMs, answeredAtMs: null, failing: new Set(), texts: new Set() }
      const fix = error.fix ?? 'Look whether the database runs and can be reached from here.'
      log.warn(
        { store: store.engine, call, error: error.message, fix },
        'the store does not answer; what needs it waits and goes on by itself',
      )
    }
    outage.lastFailureMs = nowMs
    outage.answeredAtMs = null
    outage.failing.add(call)
    if (outage.texts.size < maxTexts) outage.texts.add(error.message)
  }

  const answered = (call: string): void => {
    if (!outage) return
    const nowMs = clock.nowMs()
    const calm = nowMs - outage.lastFailureMs >= calmMs
    if (!outage.failing.delete(call) && !calm) return
    outage.answeredAtMs ??= nowMs
    if (outage.failing.size > 0 && !calm) return
    log.info({ store: store.engine, outageMs: outage.answeredAtMs - outage.sinceMs }, 'the store answers again')
    outage = null
  }

  const watched = (call: string, method: (...inputs: unknown[]) => unknown) => {
    const ask = (...inputs: unknown[]): unknown => {
      const answer = Reflect.apply(method, store, inputs)
      if (!(answer instanceof Promise)) return answer
      return answer.then(
        (value: unknown) => {
          answered(call)
          return value
        },
        (error: unknown) => {
          failed(call, error)
          throw error
        },
      )
    }
    return ask
  }

  /** Does the line tell of this outage, and of nothing else? */
  const isKnown = ({ error }: Readonly<Record<string, unknown>>): boolean => {
    if (!outage || typeof error !== 'string') return false
    for (const text of outage.texts) if (error.includes(text)) return true
    return false
  }

  return {
    store: Object.fromEntries(
      Object.entries(store).map(([name, part]: [string, unknown]) => [
        name,
        typeof part === 'function' ? watched(name, part as (...inputs: unknown[]) => unknown) : part,
      ]),
    ) as unknown as Store,
    log: {
      info: (fields, message) => log.info(fields, message),
      warn: (fields, message) => {
        if (!isKnown(fields)) log.warn(fields, message)
      },
      error: (fields, message) => {
        if (!isKnown(fields)) log.error(fields, message)
      },
    },
  }
}
