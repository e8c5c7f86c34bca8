// The unified view: how long a refresh takes after 1,000 SKUs have changed, and a page of 50, filtered and sorted, on a small catalogue and
// on a large one. What follows the change and the page, and not the catalogue, has a ratio near 1; the numbers of calls are the same.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { MongoClient } from 'mongodb'
import { durableMongo } from './fold-engines.ts'
import { printTable } from './figures.ts'
import type { ViewRun } from './view-run.ts'

const program = fileURLToPath(new URL('./view-run.ts', import.meta.url))

/** The last line that it printed. */
const runAlone = async (...args: readonly string[]): Promise<string> => {
  const child = spawn(process.execPath, [...process.execArgv, program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8')
  for await (const part of child.stdout) text += String(part)
  if (child.exitCode !== 0 && child.exitCode !== null) throw new Error(`${args.slice(0, 2).join(' ')} failed`)
  return text.trimEnd().split('\n').at(-1) ?? ''
}

const loadAndMeasure = async (address: string, skus: number): Promise<ViewRun> => {
  const nowMs = String(Date.now())
  await runAlone('load', address, String(skus), nowMs)
  return JSON.parse(await runAlone('measure', address, String(skus), nowMs)) as ViewRun
}

const onSqlite = async (skus: number): Promise<ViewRun> => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-view-'))
  try {
    return await loadAndMeasure(`sqlite:${join(folder, 'belay.db')}`, skus)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const onMongo = async (server: string, skus: number): Promise<ViewRun> => {
  const address = new URL(server)
  address.pathname = `/belay_view_${process.pid}_${skus}`
  try {
    return await loadAndMeasure(address.href, skus)
  } finally {
    const client = await new MongoClient(address.href).connect()
    await client.db().dropDatabase()
    await client.close()
  }
}

export const run = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      store: { type: 'string', default: 'all' },
      skus: { type: 'string', default: '10000,1000000' },
    },
  })
  const sizes = values.skus.split(',').map(Number)
  const server = values.store === 'sqlite' ? null : await durableMongo()
  const runs: ViewRun[] = []
  try {
    for (const skus of sizes) {
      if (values.store !== 'mongo') runs.push(await onSqlite(skus))
      if (server) runs.push(await onMongo(server.uri, skus))
    }
  } finally {
    server?.stop()
  }
  printTable(runs.map(({ pages: _pages, ...rest }) => rest))
  for (const { store, skus, pages } of runs) printTable(Object.entries(pages).map(([page, times]) => ({ store, skus, page, ...times })))
  console.log(
    'refreshMs: after 1,000 changed SKUs and 500 readings, median of 5. pageP50Ms, pageP99Ms: a page of 50 by each filter and order that has an' +
      '\nindex, from the beginning and from places all over the catalogue. rssMiB: peak of the process. longestStallMs: of its event loop while the' +
      '\nview was refreshed.',
  )
  for (const store of ['sqlite', 'mongo'] as const) {
    const [small, large] = [runs.find((each) => each.store === store), runs.findLast((each) => each.store === store)]
    if (!small || !large || small.skus === large.skus) continue
    const ratio = (of: 'refreshMs' | 'pageP99Ms'): string => (large[of] / small[of]).toFixed(2)
    console.log(`RATIO ${store} ${large.skus} to ${small.skus} SKUs: refresh ${ratio('refreshMs')}, page p99 ${ratio('pageP99Ms')}`)
  }
  if (values.json) console.log(JSON.stringify({ runs }))
}
