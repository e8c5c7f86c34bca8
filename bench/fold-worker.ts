// One of many processes that fold on one server: a hub of its own, told over IPC what to reserve. Answers with what came of it and, if asked,
// with its commits, so that the bare loop can write the same.
import { residentMebibytes } from './figures.ts'
import { ask, hubOn, recording } from './fold-parts.ts'
import type { Commit } from '../src/ports/store.ts'
import type { Sku } from '../src/domain/ids.ts'
import { openStore } from '../src/store/index.ts'

export interface Task {
  readonly skus: readonly Sku[]
  readonly callers: number
  readonly prefix: string
  readonly record: boolean
}

export interface Answer {
  readonly refused: number
  readonly latencies: readonly number[]
  /** Milliseconds since the epoch, of one clock for all processes of the machine. */
  readonly startedMs: number
  readonly endedMs: number
  readonly acceptedMs: number
  readonly commits: readonly Commit[]
  readonly rssMiB: number
}

const run = async (url: string): Promise<void> => {
  const { store, commits } = recording(await openStore(url))
  const hub = hubOn(store, process.env['BELAY_BENCH_TURNS'] !== 'off')
  process.on('message', (task: Task | 'end') => {
    void (async () => {
      if (task === 'end') {
        await hub.stop()
        await store.close()
        process.disconnect?.()
        return
      }
      commits.length = 0
      const startedMs = performance.timeOrigin + performance.now()
      const asked = await ask(hub, task.skus, task.callers, task.prefix)
      const answer: Answer = {
        refused: asked.refused,
        latencies: asked.latencies,
        startedMs,
        endedMs: startedMs + asked.seconds * 1000,
        acceptedMs: startedMs + asked.acceptedSeconds * 1000,
        commits: task.record ? [...commits] : [],
        rssMiB: residentMebibytes(),
      }
      process.send?.(answer)
    })()
  })
  process.send?.('ready')
}

if (import.meta.main) await run(process.argv[2] ?? '')
