// The real assembly on a real port, with the three marketplaces served beside it, for the tests of one file. Around each of them it sees
// to it that not one unit has moved and that the hub is still well.
import assert from 'node:assert/strict'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { systemClock } from '../../src/engine/system-clock.ts'
import { systemRandom } from '../../src/engine/system-random.ts'
import { type Assembled, assemble, platformSchemas } from '../../src/main.ts'
import { createMarketplaces, type HubFiles, type Marketplaces } from '../../sim/marketplaces.ts'
import { loopbackFetch, type ServedSimulator, serveSimulator } from '../../sim/serve.ts'
import { freePort } from '../e2e/hub-process.ts'
import { everywhere } from './in-process-hub.ts'

interface Served {
  readonly running: Assembled
  readonly files: HubFiles
  readonly marketplaces: Marketplaces
  readonly simulators: readonly ServedSimulator[]
}

export interface ServedHub {
  running(): Assembled
  files(): HubFiles
  marketplaces(): Marketplaces
  /** Without a slash at the end. */
  url(): string
  /** Texts and bytes go as they are, anything else as JSON. */
  readonly post: (path: string, body: unknown, headers?: Readonly<Record<string, string>>) => Promise<Response>
}

const serve = async (): Promise<Served> => {
  const marketplaces = createMarketplaces({
    catalogue: [everywhere('MUG', 30), everywhere('A/B 1 %', 12)],
    ports: { clock: systemClock, random: systemRandom, fetch: loopbackFetch },
    pace: 'quick',
  })
  const simulators: ServedSimulator[] = []
  for (const simulator of marketplaces.all) simulators.push(await serveSimulator(simulator))
  const [shopify, seller, vendor] = simulators.map((each) => each.url) as [string, string, string]
  const port = await freePort()
  const files = marketplaces.filesFor({ store: 'sqlite:memory-of-the-test', port, origins: { shopify, seller, vendor } })
  const config = loadConfig(files.config, files.environment, platformSchemas)
  const ports = { clock: systemClock, random: systemRandom, fetch }
  const running = await assemble({ ...config, store: { engine: 'sqlite', path: ':memory:' } }, ports, 'silent')
  return { running, files, marketplaces, simulators }
}

/** Levels and books: what no bad input may change. */
const levelsOf = async ({ hub }: Assembled): Promise<unknown> => {
  const { items } = await hub.store.listStock({ limit: 100 })
  const { stock, orders, ledger } = await hub.store.counts()
  return {
    stock,
    orders,
    ledger,
    levels: items.map(({ sku, onHandUnits, reservedUnits, bufferUnits }) => ({ sku, onHandUnits, reservedUnits, bufferUnits })),
  }
}

export const servedHub = (): ServedHub => {
  const state: { served: Served | null; before: unknown } = { served: null, before: null }
  const served = (): Served => {
    if (!state.served) throw new Error('the hub is not served')
    return state.served
  }
  const url = (): string => served().running.server.url
  const post: ServedHub['post'] = (path, body, headers = {}) =>
    fetch(`${url()}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
    })
  beforeAll(async () => {
    state.served = await serve()
    const { files } = served()
    const imported = await post('/api/v1/import', { stock: files.stockCsv, listings: files.listingsCsv })
    assert.equal(imported.status, 200, await imported.text())
  })
  afterAll(async () => {
    const { running, simulators, marketplaces } = served()
    await running.stop()
    for (const each of simulators) await each.close()
    await marketplaces.close()
  })
  beforeEach(async () => {
    state.before = await levelsOf(served().running)
  })
  afterEach(async () => {
    assert.deepEqual(await levelsOf(served().running), state.before)
    assert.equal((await fetch(`${url()}/healthz`)).status, 200)
  })
  return { running: () => served().running, files: () => served().files, marketplaces: () => served().marketplaces, url, post }
}

/** Status and code of a refusal, which must say what to do. */
export const refusal = async (answer: Response): Promise<readonly [number, string]> => {
  const { error } = (await answer.json()) as { readonly error: { readonly code: string; readonly fix: string | null } }
  assert.ok(error.fix, `the error ${error.code} says what to do`)
  return [answer.status, error.code]
}
