// The measurements run, at a tiny scale, and say what they should. How fast anything was is no test's business.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { measureFootprint } from '../bench/footprint.ts'
import { measureBacklog } from '../bench/propagate-backlog.ts'
import { mongoForTests } from './support/mongo.ts'

const mongo = await mongoForTests()
afterAll(() => mongo?.stop())

const program = fileURLToPath(new URL('../bench/run.ts', import.meta.url))

test('fold: reservations beside the bare loop, none oversold', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [program, 'fold', '--json', '--store', 'sqlite', '--scale', '0.01'])
  const { runs } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as { runs: Record<string, unknown>[] }
  expect(
    runs.map(({ store, workload, workers, callers, oversold, lost }) => ({ store, workload, workers, callers, oversold, lost })),
  ).toEqual([
    { store: 'sqlite', workload: 'hot', workers: 1, callers: 32, oversold: 0, lost: 0 },
    { store: 'sqlite', workload: 'uniform', workers: 1, callers: 256, oversold: 0, lost: 0 },
  ])
  for (const run of runs)
    for (const name of [
      'reservationsPerSecond',
      'bareLoopPerSecond',
      'ratio',
      'refusalsPerSecond',
      'mixedPerSecond',
      'p50Ms',
      'p99Ms',
      'rssMiB',
    ])
      expect(run[name], name).toBeGreaterThan(0)
})

test('report: a big day, and a small one at the end of a month and of a year', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    program,
    'report',
    '--json',
    '--store',
    'sqlite',
    '--scale',
    '0.001',
    '--history-days',
    '30',
  ])
  const { runs } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as { runs: Record<string, unknown>[] }
  expect(runs.map(({ store, skus, lines, linesOfHistoryDay }) => ({ store, skus, lines, linesOfHistoryDay }))).toEqual([
    { store: 'sqlite', skus: 100, lines: 1000, linesOfHistoryDay: 20 },
  ])
  for (const name of ['firstMs', 'againMs', 'rssMiB', 'afterMonthMs', 'afterYearMs', 'yearOverMonth'])
    expect(runs[0]?.[name], name).toBeGreaterThan(0)
}, 120_000)

test('propagate: a backlog takes the virtual time that the narrowest quota allows, and no less', async () => {
  const { virtualSeconds, quotaBoundSeconds, oneAfterTheOtherSeconds } = await measureBacklog({ skus: 60, moves: 'down' })
  expect(quotaBoundSeconds).toBe(11)
  expect(virtualSeconds).toBeGreaterThanOrEqual(quotaBoundSeconds)
  expect(virtualSeconds).toBeLessThanOrEqual(quotaBoundSeconds * 1.1)
  expect(oneAfterTheOtherSeconds).toBeGreaterThanOrEqual(virtualSeconds)
})

test.skipIf(mongo === null)(
  'footprint: an order and a push as they reach the server, and the documents they leave',
  async () => {
    const { rows, errors, largestBytes, stored } = await measureFootprint(mongo?.uri ?? '', { skus: 1, quietSeconds: 2, settleMs: 20_000 })
    expect(errors).toBe(0)
    const alone = rows.filter(({ phase }) => phase === 'orders, one at a time')
    const order = alone.find(({ what }) => what === 'order')
    expect(order?.written).toMatchObject({
      stock: [1, expect.any(Number)],
      orders: [1, expect.any(Number)],
      ledger: [1, expect.any(Number)],
    })
    const push = rows.find(({ what }) => what.startsWith('for each push'))
    expect(push?.times).toBeGreaterThan(0)
    expect(push?.use.writtenDocuments).toBeGreaterThan(1)
    const [one = 0, three = 0, ten = 0] = [1, 3, 10].map((listings) => largestBytes[`stock, ${listings} listings, busy`])
    expect(one).toBeGreaterThan(500)
    expect(three).toBeGreaterThan(one)
    expect(ten).toBeGreaterThan(three)
    expect(stored.map(({ collection }) => collection)).toEqual(expect.arrayContaining(['stock', 'orders', 'ledger', 'inbox', 'snapshots']))
  },
  180_000,
)
