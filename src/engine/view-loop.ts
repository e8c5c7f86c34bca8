// Keeps the unified view up to date: about once a second, in one process of all (a lease), in portions that end well before the lease does.
// After the settings of the channels have changed, after notes were dropped, and before the view has ever been made, it notes the whole
// catalogue page by page, with portions of the refresh in between. Nothing that sells waits for it, and a failure here is logged and tried
// again; the lease is free until then, for a process that may do better.
import { createHash } from 'node:crypto'
import type { ChannelSettings } from '../domain/settings.ts'
import type { EngineContext } from './context.ts'

const everyMs = 1000
/** Whoever holds it may take notes away. */
export const viewLeaseName = 'inventory-view'
/** A portion takes some seconds at worst; MongoDB ends a pipeline after 20 s. */
export const viewLeaseMs = 60_000
/** SKUs of one portion. */
const portion = 1000
/** Noted at once when the whole catalogue has to be looked at. */
const notedAtOnce = 500
const longestBackoffMs = 60_000
/** Which settings the view was made with, or that it is being noted anew. */
const settingName = 'inventory-view/settings'
/** Another value than the view was made with: notes were dropped unread (view-bound.ts), and all stock has to be looked at. */
export const droppedSettingName = 'inventory-view/dropped'

export interface ViewLoopParts {
  readonly context: Pick<EngineContext, 'store' | 'clock' | 'log' | 'metrics'>
  /** Of the configured channels, as learned. */
  readonly settings: () => readonly ChannelSettings[]
  readonly owner: string
  readonly signal: AbortSignal
}

const fingerprintOf = (settings: readonly ChannelSettings[], dropped: string | null): string =>
  createHash('sha256')
    .update(JSON.stringify([...settings].sort((a, b) => (a.channel < b.channel ? -1 : 1))))
    .update(dropped ?? '')
    .digest('hex')

/** What is still to be noted: the fingerprint that it is for, and how far it has come; null: from the beginning. */
interface Noting {
  readonly fingerprint: string
  readonly after: string | null
}

const notingOf = (stored: string | null): Noting | null => {
  const separator = stored?.indexOf(' ') ?? -1
  if (stored === null || separator < 0) return null
  return { fingerprint: stored.slice(0, separator), after: stored.slice(separator + 1) || null }
}

/** One page of the whole catalogue, if there is a reason to look at it. True: there is more. */
const noteSome = async ({ context: { store }, settings }: ViewLoopParts): Promise<boolean> => {
  const fingerprint = fingerprintOf(settings(), await store.readSetting(droppedSettingName))
  const stored = await store.readSetting(settingName)
  if (stored === fingerprint) return false
  const begun = notingOf(stored)
  const after = begun?.fingerprint === fingerprint ? begun.after : null
  const next = await store.noteAllInventory(after, notedAtOnce)
  await store.writeSetting(settingName, next === null ? fingerprint : `${fingerprint} ${next}`)
  return next !== null
}

const runOnce = async (parts: ViewLoopParts): Promise<void> => {
  const { context, settings, owner, signal } = parts
  const { store, clock, metrics } = context
  for (let more = true; more && !signal.aborted; ) {
    const lease = await store.acquireLease(viewLeaseName, owner, viewLeaseMs, clock.nowMs())
    if (!lease) return
    const startedMs = clock.nowMs()
    const noting = await noteSome(parts)
    const result = await store.refreshInventory({ settings: settings(), limit: portion })
    if (result.skus > 0) {
      metrics.count('belay_view_skus_total', {}, result.skus)
      metrics.observe('belay_view_refresh_seconds', {}, (clock.nowMs() - startedMs) / 1000)
    }
    more = noting || result.more
  }
}

const leave = async ({ context: { store, clock }, owner }: ViewLoopParts): Promise<void> => {
  const held = await store.acquireLease(viewLeaseName, owner, viewLeaseMs, clock.nowMs()).catch(() => null)
  if (held) await store.releaseLease(viewLeaseName, owner, held.token).catch(() => undefined)
}

export const runViewLoop = async (parts: ViewLoopParts): Promise<void> => {
  const { context, signal } = parts
  const { clock, log } = context
  let failures = 0
  while (!signal.aborted) {
    try {
      await runOnce(parts)
      failures = 0
    } catch (error) {
      failures++
      log.warn({ error: String(error), failures }, 'the inventory view was not refreshed')
      await leave(parts)
    }
    await clock.sleep(Math.min(longestBackoffMs, everyMs * 2 ** Math.min(failures, 10)), signal)
  }
  await leave(parts)
}
