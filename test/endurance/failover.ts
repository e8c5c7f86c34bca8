// npm run failover -- [--seconds N] [--orders-per-minute N] [--seed N] [--speed N] [--json]
// Orders flow through one hub while its replica set of three fails in every way that it can: the primary killed, the primary told
// to step down, answers to writes and to commits cut off after their effect, the engine killed and started again on its data. The hub is never
// started again: it goes on by itself. At the end the platforms' books, the hub's orders and documents and the ledger must say the same.
// Seconds and orders are the machine's; the hub's clock runs --speed times as fast, so that polls and lifetimes do not take minutes. At
// --speed 1 the hub is `belay serve` itself.
// Prints how it goes; with --json one object last. Exit code 1: something was lost, doubled, oversold or left over, or the hub ended.
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openStore } from '../../src/store/index.ts'
import { seededRandom } from '../../sim/world/seeded-random.ts'
import { type Accounts, isClean, settledAccounts } from './accounts.ts'
import { watchFolds } from './fold-watch.ts'
import { type MarketDay, openMarketDay } from './market-day.ts'
import { hasReplicaSet, type ReplicaSet, startReplicaSet } from './replica-set.ts'

interface Faults {
  kills: number
  stepDowns: number
  lostAnswers: number
  engineKills: number
  /** From a fault to a primary that answers: what the hub cannot be faster than. */
  longestOutageMs: number
}

const skus = 120
const receiveEveryMs = 700
/** Between two faults: some work is done before the next. */
const faultEveryMs = { shortest: 1_500, longest: 3_500 }
const cutForMs = 2_000
const longestCut = 4
/** All the hub still has to do is done after this much of its clock: several lifetimes of a request, and polls. */
const restMinutes = 30
const tellEveryMs = 10_000

/** Not more than two members die between two starts of the engine, which brings them back; the third one goes on alone. */
const cycle = [
  'kill',
  'cut commits',
  'step down',
  'cut writes',
  'kill engine',
  'kill',
  'cut writes',
  'kill',
  'cut commits',
  'kill engine',
] as const
type Fault = (typeof cycle)[number]

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

const cause = async (set: ReplicaSet, fault: Fault, times: number, faults: Faults): Promise<string> => {
  switch (fault) {
    case 'kill':
      await set.killPrimary()
      faults.kills += 1
      return `the primary was killed, ${set.aliveMembers()} members are left`
    case 'step down':
      await set.stepDownPrimary()
      faults.stepDowns += 1
      return 'the primary stepped down'
    case 'kill engine':
      await set.killEngine()
      faults.engineKills += 1
      return `the engine was killed and started again, with ${set.aliveMembers()} members`
    case 'cut writes':
    case 'cut commits': {
      const commands = fault === 'cut writes' ? 'writes' : 'commits'
      const lost = await set.cutAnswers(commands, times, cutForMs)
      faults.lostAnswers += lost
      return `${lost} answers to ${commands} were cut off`
    }
  }
}

/** Until the signal. */
const failOften = async (set: ReplicaSet, day: MarketDay, seed: number, signal: AbortSignal): Promise<Faults> => {
  const random = seededRandom(seed)
  const faults: Faults = { kills: 0, stepDowns: 0, lostAnswers: 0, engineKills: 0, longestOutageMs: 0 }
  for (let index = 0; ; index++) {
    const waitMs = faultEveryMs.shortest + random.next() * (faultEveryMs.longest - faultEveryMs.shortest)
    await pause(waitMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return faults
    const fault = cycle[index % cycle.length] ?? 'step down'
    const beganMs = performance.now()
    const told = await cause(set, fault, 1 + Math.floor(random.next() * longestCut), faults)
    const tookMs = Math.round(performance.now() - beganMs)
    if (!fault.startsWith('cut')) faults.longestOutageMs = Math.max(faults.longestOutageMs, tookMs)
    say(`${day.orderCount()} orders; ${told} (${tookMs} ms)`)
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

const trade = async (set: ReplicaSet, day: MarketDay, seconds: number, seed: number): Promise<Faults> => {
  const ending = new AbortController()
  day.world.start()
  const failing = failOften(set, day, seed, ending.signal)
  const receiving = receiveGoods(day, ending.signal)
  try {
    await Promise.race([pause(seconds * 1000), Promise.all([failing, receiving])])
  } finally {
    ending.abort()
    await day.world.stop()
  }
  await receiving
  return await failing
}

const rest = async (day: MarketDay, withinMs: number): Promise<Accounts> => {
  const store = await openStore(day.storeUrl)
  const deadlineMs = performance.now() + withinMs
  try {
    for (;;) {
      const accounts = await settledAccounts(day, store, tellEveryMs, () => performance.now())
      if (isClean(accounts) || performance.now() > deadlineMs) return accounts
      const { lost, doubled, unsettled, parked, findings } = accounts
      say(`lost ${lost}, doubled ${doubled}, parked ${parked}, unsettled ${unsettled}, for example ${findings[0]}`)
    }
  } finally {
    await store.close()
  }
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    'orders-per-minute': { type: 'string', default: '120' },
    speed: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
})
const positive = (name: string, text: string): number => {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0`)
  return value
}
const seconds = positive('seconds', values.seconds)
const seed = positive('seed', values.seed)
const speed = positive('speed', values.speed)
const restMs = (restMinutes * 60_000) / speed
const ordersPerMinute = positive('orders-per-minute', values['orders-per-minute'])
if (!hasReplicaSet()) throw new Error('failover needs the replica set of ../shared/mongod, which is not there')

// Nobody's processes are left behind: what is started here ends with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const began = performance.now()
const set = await startReplicaSet('belay_failover')
try {
  const day = await openMarketDay({
    storeUrl: set.uri,
    seed,
    skus,
    clock: { originMs: Date.now(), speed },
    ordersPerMinute: ordersPerMinute / speed,
    hubs: 1,
    ...(speed === 1 ? { program: 'serve' } : {}),
    plan: { cancelWithinMs: 20_000 * speed, shipAfterMs: 40_000 * speed },
  })
  try {
    const [hub] = day.hubs
    const pid = hub?.pid()
    // What a listing sells before its first evidence is outside of the promise.
    const adopted = await rest(day, restMs)
    if (!isClean(adopted)) throw new Error(`the channels were not adopted: ${adopted.findings.join('; ')}`)
    const folds = watchFolds(set.uri, () => day.orderCount())
    const faults = await trade(set, day, seconds, seed)
    say(`the shops are closed after ${day.orderCount()} orders, ${folds.foldedOrders()} folded; waiting for rest`)
    const accounts = await rest(day, restMs)
    await folds.stop()
    const hubEnded = hub?.hasEnded() ?? true
    const result = {
      ...faults,
      orders: day.orderCount(),
      lost: accounts.lost,
      doubled: accounts.doubled,
      longestPauseMs: folds.longestPauseMs(),
      oversoldUnits: Math.max(day.worstOversoldUnits(), accounts.oversoldUnits),
      ledgerConserved: accounts.ledgerConserved,
      parked: accounts.parked,
      unsettled: accounts.unsettled,
      hubEnded,
      longestStallMs: day.longestStallMs(),
      seconds: Math.round((performance.now() - began) / 1000),
    }
    const failed = !isClean(accounts) || result.oversoldUnits > 0 || hubEnded
    for (const text of [...day.oversales, ...accounts.findings]) say(text)
    if (failed) say(`what the hub (process ${pid}) said last:\n${hub?.output().slice(-6000)}`)
    console.table([result])
    if (values.json) console.log(JSON.stringify(result))
    if (failed) process.exitCode = 1
  } finally {
    await day.close()
  }
} finally {
  await set.close()
}
