import { expect, test } from 'vitest'
import { openStore as openUrl } from '../store/index.ts'
import type { Store } from '../ports/store.ts'
import { type Programs, runCommandLine } from './program.ts'
import { processTerminal, type Terminal } from './terminal.ts'

const never = () => Promise.reject(new Error('not this one'))

const type = async (
  args: readonly string[],
  openStore: Programs['openStore'],
): Promise<{ readonly code: number; readonly printed: string; readonly errors: string }> => {
  const printed: string[] = []
  const errors: string[] = []
  const terminal: Terminal = {
    ...processTerminal,
    env: {},
    print: (text) => void printed.push(text),
    printError: (text) => void errors.push(text),
    setExitCode: () => undefined,
  }
  const code = await runCommandLine(
    { serve: never, check: never, demo: never, simulate: never, openStore, clock: { nowMs: () => 0 } },
    ['node', 'belay', ...args],
    terminal,
  )
  return { code, printed: printed.join('\n'), errors: errors.join('\n') }
}

/** Stays open, so that several commands meet the same store. */
const memory = async (): Promise<Store> => ({ ...(await openUrl('sqlite::memory:')), close: () => Promise.resolve() })

test('status tells what is pending, up applies it, once', async () => {
  const store = await memory()
  const asked: unknown[] = []
  const open: Programs['openStore'] = (from) => {
    asked.push(from)
    return Promise.resolve(store)
  }
  const before = await type(['migrate', 'status'], open)
  expect(before).toMatchObject({ code: 0, errors: '' })
  expect(before.printed).toMatch(/1 +pending +stock, orders/)
  expect(before.printed).toMatch(/steps are pending\. `belay migrate up` applies them/)
  expect((await store.schemaStatus()).stored).toBe(0)

  expect((await type(['migrate', 'up', '--store', 'sqlite:x.db'], open)).printed).toMatch(/^Applied:\n1 {2}stock, orders/)
  expect((await type(['migrate', 'up'], open)).printed).toMatch(/^The schema is up to date \(\d+\)\.$/)
  expect((await type(['migrate', 'status'], open)).printed).toMatch(/1 +applied[^]*The schema is up to date/)
  const told = JSON.parse((await type(['migrate', 'status', '--json', '--config', 'other.yaml'], open)).printed) as unknown
  expect(told).toEqual({ engine: 'sqlite', ...(await store.schemaStatus()) })
  expect(asked).toContainEqual({ configPath: 'belay.yaml', storeUrl: 'sqlite:x.db' })
  expect(asked).toContainEqual({ configPath: 'other.yaml', storeUrl: null })
})

test('a store of a newer program is told as such and not touched', async () => {
  const store = await memory()
  const { steps } = await store.schemaStatus()
  const newer = { ...store, schemaStatus: () => Promise.resolve({ stored: steps.length + 1, steps }) }
  const status = await type(['migrate', 'status'], () => Promise.resolve(newer))
  expect(status.code).toBe(1)
  expect(status.errors).toContain('schema-unknown')
  expect(status.errors).toContain('Fix: Use the newer program')
})
