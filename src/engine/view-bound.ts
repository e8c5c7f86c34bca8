// Keeps the notes for the unified view (one for each commit) from growing without end where nobody refreshes it: no worker runs, or each
// refresh fails. The lease of the refresh is free then. Beyond a bound it first writes that notes are dropped, so that the next view loop
// notes all stock anew, and then removes them: cut off anywhere, nothing that is left to be seen is missed. Nothing that sells waits for it.
import type { EngineContext } from './context.ts'
import { droppedSettingName, viewLeaseMs, viewLeaseName } from './view-loop.ts'

/** About 14 MB on MongoDB. Between two looks more may come together: what a minute sells. */
const maxNotes = 200_000
const everyMs = 60_000
/** Removed at once, in some tens of milliseconds. */
const removedAtOnce = 5_000

export interface ViewBoundParts {
  readonly context: Pick<EngineContext, 'store' | 'clock' | 'log' | 'random'>
  /** Of this process: its own view loop is another holder of the lease. */
  readonly owner: string
  readonly signal: AbortSignal
  readonly maxNotes?: number
}

const dropNotes = async ({ context: { store, clock, random }, signal }: ViewBoundParts, holder: string): Promise<number> => {
  await store.writeSetting(droppedSettingName, random.uuid())
  let dropped = 0
  for (let more = true; more && !signal.aborted; ) {
    const removed = await store.removeInventoryNotes(removedAtOnce)
    dropped += removed
    more = removed === removedAtOnce && (await store.acquireLease(viewLeaseName, holder, viewLeaseMs, clock.nowMs())) !== null
  }
  // Once more: had the lease run out, notes of a walk that has begun since could be among them.
  await store.writeSetting(droppedSettingName, random.uuid())
  return dropped
}

const runOnce = async (parts: ViewBoundParts): Promise<void> => {
  const { context, owner } = parts
  const { store, clock, log } = context
  const holder = `${owner}/view-bound`
  const lease = await store.acquireLease(viewLeaseName, holder, viewLeaseMs, clock.nowMs())
  if (!lease) return
  try {
    const bound = parts.maxNotes ?? maxNotes
    if ((await store.countInventoryNotes(bound + 1)) <= bound) return
    const dropped = await dropNotes(parts, holder)
    log.warn(
      { dropped, fix: 'start a process with the role worker, or see why the view is not refreshed' },
      'nobody refreshes the inventory view: its notes are dropped, and it is made anew when somebody does',
    )
  } finally {
    await store.releaseLease(viewLeaseName, holder, lease.token)
  }
}

export const runViewBound = async (parts: ViewBoundParts): Promise<void> => {
  const { clock, log } = parts.context
  while (!parts.signal.aborted) {
    await clock.sleep(everyMs, parts.signal)
    if (parts.signal.aborted) return
    await runOnce(parts).catch((error: unknown) => log.warn({ error: String(error) }, 'the notes for the inventory view were not counted'))
  }
}
