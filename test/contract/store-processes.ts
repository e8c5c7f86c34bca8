// Two operating system processes on one database lose no update.
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { keyOf, readStock, stockOf, storeStock } from '../support/store-samples.ts'
import type { Shared } from './store.ts'

const writer = fileURLToPath(new URL('../support/store-writer.ts', import.meta.url))
const salesEach = 60

const runWriter = async (url: string, sku: string, name: string): Promise<number> => {
  const child = spawn(process.execPath, [writer, url, sku, String(salesEach), name], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, errors, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('exit', resolve)),
  ])
  if (code !== 0) throw new Error(`writer ${name} ended with ${String(code)}: ${errors}`)
  return Number(out)
}

export const describeProcesses = (shared: Shared): void => {
  test('two processes that sell the same SKU lose no sale', async () => {
    const { store, url } = shared()
    await storeStock(store, [stockOf('hot', 1)])
    const conflicts = await Promise.all(['left', 'right'].map((name) => runWriter(url, 'hot', name)))
    const [stock] = await readStock(store, 'hot')
    expect({ reserved: stock?.reservedUnits, version: stock?.version }).toEqual({ reserved: 2 * salesEach, version: 2 * salesEach + 1 })
    expect((await store.ledgerLevels([keyOf('hot')]))[0]?.reservedUnits).toBe(2 * salesEach)
    expect(conflicts.every((n) => Number.isSafeInteger(n))).toBe(true)
  })
}
