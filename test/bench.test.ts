// The measurements run, at a tiny scale, and say what they should. How fast anything was is no test's business.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { measureBacklog } from '../bench/propagate-backlog.ts'

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
