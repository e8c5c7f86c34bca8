// What the steps of one run share: the run as it is stored, written forward one version at a time, and the findings that wait for a verdict.
// Guarantee: a second process that works on the same run is refused by the version, and the one that lost stops.
import type { ReconcilePolicy } from '../domain/reconcile-policy.ts'
import type { Finding, Reconciliation } from '../domain/reconcile.ts'
import type { ChannelAdapter } from '../ports/channel.ts'
import type { Store } from '../ports/store.ts'
import type { ChannelContext } from './context.ts'

/** One run, as it is stored and as it goes on. */
export interface RunBook {
  readonly run: () => Reconciliation
  /** Durable when it resolves. Throws when somebody else has written the run, or the work is to end. */
  readonly save: (change: Partial<Reconciliation>) => Promise<void>
  /** The same without writing: the next save takes it along. */
  readonly note: (change: Partial<Reconciliation>) => void
}

export interface RunWork extends RunBook {
  readonly context: ChannelContext
  readonly adapter: ChannelAdapter
  readonly policy: ReconcilePolicy
  readonly signal: AbortSignal
}

export const openRun = (store: Pick<Store, 'writeReconciliation'>, stored: Reconciliation, signal: AbortSignal): RunBook => {
  let run = stored
  return {
    run: () => run,
    note: (change) => {
      run = { ...run, ...change }
    },
    save: async (change) => {
      signal.throwIfAborted()
      const next = { ...run, ...change, version: run.version + 1 }
      if (!(await store.writeReconciliation(next))) throw new Error('another process works on this reconciliation')
      run = next
    },
  }
}

const pageSize = 200

/** Findings of the run that are in the state now, page by page; what a page's handling changes is not seen again. */
export const eachFinding = async (
  { context, run, signal }: RunWork,
  state: Finding['state'],
  handle: (findings: readonly Finding[]) => Promise<void>,
): Promise<void> => {
  let after: string | null = null
  do {
    signal.throwIfAborted()
    const page: { items: readonly Finding[]; next: string | null } = await context.store.listFindings({
      run: run().id,
      state,
      after,
      limit: pageSize,
    })
    if (page.items.length > 0) await handle(page.items)
    after = page.next
  } while (after !== null)
}
