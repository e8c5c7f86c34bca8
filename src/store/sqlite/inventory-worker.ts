// The thread that refreshes the unified view, on a connection of its own: `node:sqlite` is synchronous, and some hundred SKUs take longer
// than a sale may wait. It answers one request after the other. What it writes can be made again at any time, so that its commits need not
// reach the disk before the next one.
import { parentPort, workerData } from 'node:worker_threads'
import { isBelayError } from '../../domain/errors.ts'
import { connect } from './connection.ts'
import { type RefreshRequest, refreshInventory } from './inventory-refresh.ts'
import type { ThreadAnswer } from './inventory-thread.ts'

const connection = connect(String(workerData), { synchronous: 'NORMAL' })

const answerTo = (request: RefreshRequest): ThreadAnswer => {
  try {
    return { result: refreshInventory(connection, request) }
  } catch (error) {
    // An error of ours loses its class on the way to the other thread.
    if (!isBelayError(error)) return { error }
    return { refusal: { code: error.code, message: error.message, ...(error.fix === undefined ? {} : { fix: error.fix }) } }
  }
}

parentPort?.on('message', (request: RefreshRequest) => parentPort?.postMessage(answerTo(request), []))
