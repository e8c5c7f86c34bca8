// Work that one process of many may do at a time: under a lease with a fencing number. Guarantees:
// - a term ends at once when the lease is lost: when its time is over by our own clock (a process that was paused finds that out before it
//   renews), when another owner holds it, or when a commit under it was refused;
// - what is committed under the term's guard is refused by the store once anybody else has taken the lease, however late it comes;
// - an ending process releases the lease after its work has ended, so that another one may take it at once.
// Not guaranteed: that nothing is sent in a term that is over. That is what charges and evidence are for.
import { isBelayError } from '../domain/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Lease, Store } from '../ports/store.ts'
import type { Change, Committer } from './change.ts'
import type { Logger } from './context.ts'
import type { Wake } from './wake.ts'

const leaseMs = 15_000
const renewEveryMs = 5_000
/** How often a process that does not hold the lease looks whether it has run out. */
const tryEveryMs = 1_000

export interface LeaseTerm {
  /** Aborted when the term is over. */
  readonly signal: AbortSignal
  /** By our own clock: look before anything is sent. */
  isHeld(): boolean
  /** Commits under the lease; `lease-lost` ends the term. */
  readonly committer: Committer
}

export interface LeaseOptions {
  readonly store: Pick<Store, 'acquireLease' | 'releaseLease'>
  readonly clock: Clock
  readonly committer: Committer
  readonly log: Logger
  readonly name: string
  /** Names this process, and no other one ever. */
  readonly owner: string
  /** Rung when the lease may be free. */
  readonly wake: Wake
  /** How long to hold back before the lease is taken, so that those who hold fewer come first. */
  readonly holdBackMs?: () => number
  readonly onTaken?: () => void
  /** After the work of the term has ended. `released`: others may take it now. */
  readonly onEnded?: (released: boolean) => void
  readonly signal: AbortSignal
}

/** null: another owner holds it. undefined: the store did not answer. */
const acquire = async ({ store, clock, log, name, owner }: LeaseOptions): Promise<Lease | null | undefined> => {
  try {
    return await store.acquireLease(name, owner, leaseMs, clock.nowMs())
  } catch (error) {
    log.warn({ lease: name, error: String(error) }, 'lease not readable')
    return undefined
  }
}

const release = async ({ store, log, name, owner }: LeaseOptions, { token }: Lease): Promise<void> => {
  try {
    await store.releaseLease(name, owner, token)
  } catch (error) {
    log.warn({ lease: name, error: String(error) }, 'lease not released; it runs out by itself')
  }
}

const guarded = (committer: Committer, { name, token }: Lease, onLost: () => void): Committer => ({
  submit: async <T>(change: Change<T>): Promise<T> => {
    try {
      return await committer.submit({ ...change, lease: { name, token } })
    } catch (error) {
      if (isBelayError(error, 'lease-lost')) onLost()
      throw error
    }
  },
})

/** Renews until the term is over. */
const keep = async (options: LeaseOptions, lease: Lease, held: { untilMs: number }, term: AbortSignal): Promise<void> => {
  const { clock } = options
  while (!term.aborted) {
    await clock.sleep(Math.max(1, Math.min(renewEveryMs, held.untilMs - clock.nowMs())), term)
    if (term.aborted || clock.nowMs() >= held.untilMs) return
    const renewed = await acquire(options)
    if (renewed === null || (renewed && renewed.token !== lease.token)) return
    if (renewed) held.untilMs = renewed.expiresAtMs
  }
}

const runTerm = async (options: LeaseOptions, lease: Lease, work: (term: LeaseTerm) => Promise<void>): Promise<void> => {
  const { clock, committer, log, name, signal } = options
  const over = new AbortController()
  const held = { untilMs: lease.expiresAtMs }
  const end = (): void => over.abort()
  const either = AbortSignal.any([signal, over.signal])
  const working = work({
    signal: either,
    isHeld: () => !over.signal.aborted && clock.nowMs() < held.untilMs,
    committer: guarded(committer, lease, end),
  })
  await keep(options, lease, held, either)
  if (!signal.aborted) log.warn({ lease: name, token: lease.token }, 'lease lost; its work ends here')
  end()
  await working
}

/** Takes the lease whenever it is free and does the work under it, until the signal. */
export const runUnderLease = async (options: LeaseOptions, work: (term: LeaseTerm) => Promise<void>): Promise<void> => {
  const { clock, log, name, wake, holdBackMs = () => 0, signal } = options
  while (!signal.aborted) {
    const waitMs = holdBackMs()
    if (waitMs > 0) await clock.sleep(waitMs, signal)
    const lease = signal.aborted ? null : await acquire(options)
    if (!lease) {
      await wake.wait(tryEveryMs, signal)
      continue
    }
    log.info({ lease: name, token: lease.token }, 'lease taken')
    options.onTaken?.()
    await runTerm(options, lease, work)
    if (signal.aborted) await release(options, lease)
    options.onEnded?.(signal.aborted)
  }
}
