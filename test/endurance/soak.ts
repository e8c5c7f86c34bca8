// npm run soak -- [--store sqlite|mongo|both] [--minutes N] [--speed N] [--hubs N] [--seed N] [--json]
// Half an hour of shopping on a fast clock against real processes and real HTTP, while the hub is killed (SIGKILL) every few seconds and started
// again. At the end the platforms' books, the hub's orders and documents and the ledger must say the same, and nothing may have been
// oversold at any moment. Prints how it goes; with --json one object last. Exit code 1: something was lost, doubled, oversold or left over.
// Limit: every time that the hub was told to expect of the platforms passes `speed` times as fast, while this machine's own pauses do not get
// shorter. What was oversold while the platforms' process stood still for longer than `stallLimitMs` proves nothing against the hub, since a
// request then took effect after its lifetime: such a run is refused with exit code 2. At the default speed that is a pause of 1.5 s; at speed 20
// a busy machine already comes near the limit.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { HubProcess } from '../e2e/hub-process.ts'
import { openStore } from '../../src/store/index.ts'
import { quickRequestLifetimeMs } from '../../sim/marketplaces.ts'
import { seededRandom } from '../../sim/world/seeded-random.ts'
import { withDatabase } from '../support/database-uri.ts'
import { findMongo } from '../support/mongo-server.ts'
import { type Accounts, isClean, settledAccounts } from './accounts.ts'
import { type MarketDay, openMarketDay } from './market-day.ts'

interface SoakOptions {
  readonly minutes: number
  readonly speed: number
  readonly hubs: number
  readonly seed: number
  readonly ordersPerMinute: number
}

interface SoakRun {
  readonly store: string
  readonly hubs: number
  readonly virtualMinutes: number
  readonly kills: number
  readonly orders: number
  readonly unitsSold: number
  readonly oversoldUnits: number
  readonly ledgerConserved: boolean
  readonly lost: number
  readonly doubled: number
  readonly parked: number
  readonly unsettled: number
  /** Of the process that plays the platforms, machine time. */
  readonly longestStallMs: number
  readonly stallLimitMs: number
  readonly seconds: number
}

const skus = 60
/** Between two kills, machine time: a start takes most of a second, so that each life does some work. */
const killEveryMs = { shortest: 2_500, longest: 6_000 }
const longestDownMs = 1_000
/** A delivery of goods, machine time. */
const receiveEveryMs = 700
const tellEveryMs = 10_000
/** Faults off, all the hub still has to do is done after this much of the fast clock: several lifetimes of a request and polls. */
const restMinutes = 30

/**
 * A request leaves within a quarter of its lifetime and takes effect within seconds of being read; of the rest, as much is left for pauses of the
 * hub, which nobody measures.
 */
const stallLimitMs = (speed: number): number => Math.floor(quickRequestLifetimeMs / 3 / speed)

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** Until the signal: kills one of the hubs and starts it again. Returns how often. */
const killAndStart = async (hubs: readonly HubProcess[], seed: number, signal: AbortSignal): Promise<number> => {
  const random = seededRandom(seed)
  let kills = 0
  for (;;) {
    const waitMs = killEveryMs.shortest + random.next() * (killEveryMs.longest - killEveryMs.shortest)
    await pause(waitMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return kills
    const hub = hubs[Math.floor(random.next() * hubs.length)]
    await hub?.kill()
    kills += 1
    await pause(random.next() * longestDownMs)
    await hub?.start()
  }
}

const receiveGoods = async (day: MarketDay, signal: AbortSignal): Promise<void> => {
  // One that was announced is told to the end, whatever else stops.
  const never = new AbortController().signal
  while (!signal.aborted) {
    await day.receive(never)
    await pause(receiveEveryMs, undefined, { signal }).catch(() => undefined)
  }
}

const trade = async (day: MarketDay, name: string, options: SoakOptions): Promise<number> => {
  const ending = new AbortController()
  const endAtMs = day.clock.nowMs() + options.minutes * 60_000
  day.world.start()
  const killing = killAndStart(day.hubs, options.seed, ending.signal)
  const receiving = receiveGoods(day, ending.signal)
  const failed = Promise.all([killing, receiving]).then(() => undefined)
  try {
    while (day.clock.nowMs() < endAtMs) {
      const left = (endAtMs - day.clock.nowMs()) / 60_000
      say(`${name}: ${left.toFixed(1)} virtual minutes to go, ${day.orderCount()} orders, worst oversold ${day.worstOversoldUnits()}`)
      await Promise.race([pause(Math.min(tellEveryMs, (left * 60_000) / options.speed)), failed])
    }
  } finally {
    ending.abort()
    await day.world.stop()
  }
  await receiving
  return await killing
}

/** Waits until nothing is left to do, or says what is. */
const rest = async (day: MarketDay, speed: number): Promise<Accounts> => {
  const store = await openStore(day.storeUrl)
  try {
    return await settledAccounts(day, store, (restMinutes * 60_000) / speed, () => performance.now())
  } finally {
    await store.close()
  }
}

const soak = async (name: string, storeUrl: string, options: SoakOptions): Promise<SoakRun> => {
  const began = performance.now()
  const day = await openMarketDay({ ...options, storeUrl, skus, clock: { originMs: Date.now(), speed: options.speed } })
  try {
    // What a listing sells before its first evidence is outside of the promise.
    const adopted = await rest(day, options.speed)
    if (!isClean(adopted)) throw new Error(`the channels were not adopted: ${adopted.findings.join('; ')}`)
    day.beginFaults()
    const kills = await trade(day, name, options)
    day.endFaults()
    say(`${name}: the shops are closed, ${kills} kills; waiting for rest`)
    const accounts = await rest(day, options.speed)
    for (const oversale of day.oversales) say(`${name}: ${oversale}`)
    for (const finding of accounts.findings) say(`${name}: ${finding}`)
    if (!isClean(accounts) || day.worstOversoldUnits() > 0)
      for (const hub of day.hubs) say(`${name}: what the hub said last:\n${hub.output().slice(-3000)}`)
    return {
      store: name,
      hubs: options.hubs,
      virtualMinutes: options.minutes,
      kills,
      orders: day.orderCount(),
      unitsSold: day.unitsSold(),
      oversoldUnits: Math.max(day.worstOversoldUnits(), accounts.oversoldUnits),
      ledgerConserved: accounts.ledgerConserved,
      lost: accounts.lost,
      doubled: accounts.doubled,
      parked: accounts.parked,
      unsettled: accounts.unsettled,
      longestStallMs: day.longestStallMs(),
      stallLimitMs: stallLimitMs(options.speed),
      seconds: Math.round((performance.now() - began) / 1000),
    }
  } finally {
    await day.close()
  }
}

const onSqlite = async (options: SoakOptions): Promise<SoakRun> => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-soak-'))
  try {
    return await soak('sqlite', `sqlite:${join(folder, 'belay.db')}`, { ...options, hubs: 1 })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Null: there is no MongoDB on this machine. */
const onMongo = async (options: SoakOptions): Promise<SoakRun | null> => {
  const server = await findMongo()
  if (server.uri === null) {
    say(`mongo: ${server.reason}`)
    return null
  }
  const database = `belay_soak_${process.pid}`
  try {
    return await soak('mongo', withDatabase(server.uri, database), options)
  } finally {
    await server.stop()
  }
}

const total = (runs: readonly SoakRun[]): SoakRun => {
  const sum = (of: (run: SoakRun) => number): number => runs.reduce((units, run) => units + of(run), 0)
  return {
    store: runs.map(({ store }) => store).join('+'),
    hubs: Math.max(...runs.map(({ hubs }) => hubs)),
    virtualMinutes: sum((run) => run.virtualMinutes),
    kills: sum((run) => run.kills),
    orders: sum((run) => run.orders),
    unitsSold: sum((run) => run.unitsSold),
    oversoldUnits: sum((run) => run.oversoldUnits),
    ledgerConserved: runs.every((run) => run.ledgerConserved),
    lost: sum((run) => run.lost),
    doubled: sum((run) => run.doubled),
    parked: sum((run) => run.parked),
    unsettled: sum((run) => run.unsettled),
    longestStallMs: Math.max(...runs.map((run) => run.longestStallMs)),
    stallLimitMs: Math.min(...runs.map((run) => run.stallLimitMs)),
    seconds: sum((run) => run.seconds),
  }
}

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'both' },
    minutes: { type: 'string', default: '30' },
    speed: { type: 'string', default: '10' },
    hubs: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    'orders-per-minute': { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
  },
})
const positive = (name: string, text: string): number => {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0`)
  return value
}
const options: SoakOptions = {
  minutes: positive('minutes', values.minutes),
  speed: positive('speed', values.speed),
  hubs: positive('hubs', values.hubs),
  seed: positive('seed', values.seed),
  ordersPerMinute: positive('orders-per-minute', values['orders-per-minute']),
}
if (!['sqlite', 'mongo', 'both'].includes(values.store)) throw new Error('--store must be sqlite, mongo or both')

const runs: SoakRun[] = []
if (values.store !== 'mongo') runs.push(await onSqlite(options))
if (values.store !== 'sqlite') {
  const run = await onMongo(options)
  if (run) runs.push(run)
  else if (values.store === 'mongo') process.exitCode = 1
}
console.table(runs)
const sum = total(runs)
if (values.json) console.log(JSON.stringify(runs.length > 1 ? { ...sum, runs } : sum))
/** 0: all is in order. 1: the hub failed. 2: oversold, and nothing else, while the machine broke what the hub was told. */
const exitCodeOf = (run: SoakRun): number => {
  if (run.lost + run.doubled + run.parked + run.unsettled > 0 || !run.ledgerConserved) return 1
  if (run.oversoldUnits === 0) return 0
  if (run.longestStallMs <= run.stallLimitMs) return 1
  say(
    `${run.store}: the platforms stood still for ${run.longestStallMs} ms, more than ${run.stallLimitMs}: requests outlived what the hub was told, so this run shows nothing. Give a lower --speed, or a quieter machine.`,
  )
  return 2
}
const codes = new Set(runs.map(exitCodeOf))
if (codes.has(1)) process.exitCode = 1
else if (codes.has(2)) process.exitCode = 2
