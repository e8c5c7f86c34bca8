// The refresh of the unified view on a thread of its own; started when it is first asked for. A database in memory cannot be shared between
// threads and is refreshed in place.
import { Worker } from 'node:worker_threads'
import { BelayError, type ErrorCode } from '../../domain/errors.ts'
import type { Connection } from './connection.ts'
import { type RefreshRequest, type RefreshResult, refreshInventory } from './inventory-refresh.ts'

export type ThreadAnswer =
  | { readonly result: RefreshResult }
  | { readonly refusal: { readonly code: ErrorCode; readonly message: string; readonly fix?: string } }
  /** A mistake in Belay. */
  | { readonly error: unknown }

export interface InventoryThread {
  /** One at a time: the next waits for the one before. */
  refresh(request: RefreshRequest): Promise<RefreshResult>
  close(): Promise<void>
}

const resultOf = (answer: ThreadAnswer): RefreshResult => {
  if ('result' in answer) return answer.result
  if ('refusal' in answer) {
    const { code, message, fix } = answer.refusal
    throw new BelayError(code, message, fix === undefined ? {} : { fix })
  }
  throw answer.error
}

export const createInventoryThread = (path: string, connection: Connection): InventoryThread => {
  if (path === ':memory:') return { refresh: async (request) => refreshInventory(connection, request), close: async () => undefined }
  let worker: Worker | null = null
  let last: Promise<unknown> = Promise.resolve()
  const start = (): Worker => {
    const started = new Worker(new URL('./inventory-worker.ts', import.meta.url), { workerData: path })
    // Nobody waits for it when the process ends: what it has not committed is done again.
    started.unref()
    started.once('exit', () => {
      if (worker === started) worker = null
    })
    return started
  }
  const ask = (request: RefreshRequest): Promise<RefreshResult> => {
    const asked = (worker ??= start())
    return new Promise((resolve, reject) => {
      const done = (): void => {
        asked.off('message', onMessage).off('error', onError).off('exit', onExit)
        asked.unref()
      }
      const onMessage = (answer: ThreadAnswer): void => {
        done()
        try {
          resolve(resultOf(answer))
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      }
      const onError = (error: unknown): void => {
        done()
        reject(error instanceof Error ? error : new Error(String(error)))
      }
      const onExit = (): void => {
        done()
        reject(
          new BelayError('store-unavailable', 'The thread that refreshes the view has ended', {
            fix: 'Nothing to do: the next refresh starts another.',
          }),
        )
      }
      asked.ref()
      asked.on('message', onMessage).on('error', onError).on('exit', onExit)
      asked.postMessage(request, [])
    })
  }
  return {
    refresh: (request) => {
      const next = last.then(() => ask(request))
      last = next.catch(() => undefined)
      return next
    },
    // Not in the middle of a transaction: its lock would be held until the process ends.
    close: async () => {
      await last
      await worker?.terminate()
    },
  }
}
