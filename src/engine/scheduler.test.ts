import { afterEach, describe, expect, test } from 'vitest'
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts'
import { BelayError } from '../domain/errors.ts'
import type { ScheduledJob } from '../ports/schedule.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { createScheduler, type Scheduler, type SchedulerOptions } from './scheduler.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** 23 November 2026, 09:00 in UTC, 10:00 in Berlin. */
const startMs = Date.UTC(2026, 10, 23, 9)
const sixOn = (day: number): number => Date.UTC(2026, 10, day, 5)
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }

const opened: Store[] = []
const started: Scheduler[] = []
const newStore = async (): Promise<Store> => {
  const store = await openStore('sqlite::memory:')
  await store.migrate()
  opened.push(store)
  return store
}

interface Process {
  readonly scheduler: Scheduler
  readonly ran: number[]
}

const startProcess = (
  store: SchedulerOptions['store'],
  clock: VirtualClock,
  over: { owner?: string; job?: Partial<ScheduledJob>; overrides?: Record<string, string> } = {},
): Process => {
  const ran: number[] = []
  const job: ScheduledJob = {
    name: 'report/daily',
    cron: '0 6 * * *',
    missed: 'each',
    run: async (dueAtMs) => {
      ran.push(dueAtMs)
      return 'made it'
    },
    ...over.job,
  }
  const scheduler = createScheduler({
    store,
    clock,
    log,
    timeZone: 'Europe/Berlin',
    jobs: [job],
    overrides: over.overrides ?? {},
    owner: over.owner ?? 'one',
  })
  scheduler.start()
  started.push(scheduler)
  return { scheduler, ran }
}

afterEach(async () => {
  for (const each of started.splice(0)) void each.stop()
  for (const store of opened.splice(0)) await store.close()
})

describe('the scheduler', () => {
  test('runs a job at each of its times, once, and stores what it did', async () => {
    const clock = createVirtualClock(startMs, 2)
    const { scheduler, ran } = startProcess(await newStore(), clock)
    await clock.advance(3 * dayMs)
    expect(ran).toEqual([sixOn(24), sixOn(25), sixOn(26)])
    expect(await scheduler.states()).toEqual([
      {
        name: 'report/daily',
        cron: '0 6 * * *',
        sinceMs: startMs,
        dueAtMs: sixOn(26),
        startedAtMs: sixOn(26),
        endedAtMs: sixOn(26),
        outcome: 'done',
        message: 'made it',
        attempts: 1,
        nextDueAtMs: sixOn(27),
      },
    ])
  })

  test('of many processes one runs each time', async () => {
    const clock = createVirtualClock(startMs, 2)
    const store = await newStore()
    const processes = ['a', 'b', 'c'].map((owner) => startProcess(store, clock, { owner }))
    await clock.advance(4 * dayMs)
    expect(processes.flatMap(({ ran }) => ran).sort((a, b) => a - b)).toEqual([24, 25, 26, 27].map(sixOn))
  })

  test.each([
    ['each', [24, 25, 26]],
    ['latest', [26]],
  ] as const)('what was missed while no process was up is made up: %s', async (missed, days) => {
    const clock = createVirtualClock(startMs, 2)
    const store = await newStore()
    const before = startProcess(store, clock)
    await clock.advance(hourMs)
    await before.scheduler.stop()
    await clock.advance(3 * dayMs)
    const { ran } = startProcess(store, clock, { owner: 'two', job: { missed } })
    await clock.advance(1_000)
    expect(before.ran).toEqual([])
    expect(ran).toEqual(days.map(sixOn))
  })

  test('of very many missed times the newest month is made up', async () => {
    const clock = createVirtualClock(startMs, 2)
    const store = await newStore()
    const before = startProcess(store, clock)
    await clock.advance(hourMs)
    await before.scheduler.stop()
    await clock.advance(100 * dayMs)
    const { ran } = startProcess(store, clock, { owner: 'two' })
    await clock.advance(1_000)
    expect(ran).toHaveLength(31)
    expect(ran.at(-1)).toBe(Date.UTC(2027, 2, 3, 5))
  })

  test('a job that outlasts its own next time does not overlap itself, in this process or another', async () => {
    const clock = createVirtualClock(startMs, 2)
    const store = await newStore()
    let open = 0
    let most = 0
    const job: Partial<ScheduledJob> = {
      cron: '*/10 * * * *',
      missed: 'latest',
      run: async () => {
        most = Math.max(most, ++open)
        await clock.sleep(25 * 60_000)
        open--
        return 'slow'
      },
    }
    for (const owner of ['a', 'b']) startProcess(store, clock, { owner, job })
    await clock.advance(6 * hourMs)
    expect(most).toBe(1)
  })

  test('an error is stored and shown, and the next time gets its turn', async () => {
    const clock = createVirtualClock(startMs, 2)
    let fails = true
    const { scheduler } = startProcess(await newStore(), clock, {
      job: {
        run: async () => {
          if (fails) throw new BelayError('not-found', 'There is no such thing', { fix: 'Look for another' })
          return 'fine'
        },
      },
    })
    await clock.advance(dayMs)
    expect(await scheduler.states()).toMatchObject([
      { outcome: 'failed', message: 'There is no such thing. Look for another', nextDueAtMs: sixOn(25) },
    ])
    fails = false
    await clock.advance(dayMs)
    expect(await scheduler.states()).toMatchObject([{ outcome: 'done', message: 'fine', dueAtMs: sixOn(25) }])
  })

  test('a run whose process died is begun again by the next one, and given up when it takes three with it', async () => {
    const clock = createVirtualClock(startMs, 2)
    const store = await newStore()
    const first = startProcess(store, clock, { owner: 'first' })
    await clock.advance(hourMs)
    await first.scheduler.stop()
    await clock.advance(dayMs)
    const begun: string[] = []
    for (const owner of ['second', 'third', 'fourth', 'fifth', 'sixth']) {
      // A store that stops answering when its process is gone.
      const gone = { yes: false }
      const mortal = new Proxy(store, {
        get: (target, name) => {
          const method: unknown = Reflect.get(target, name)
          if (typeof method !== 'function') return method
          return (...inputs: unknown[]) => (gone.yes ? new Promise(() => undefined) : (Reflect.apply(method, target, inputs) as unknown))
        },
      })
      startProcess(mortal, clock, {
        owner,
        job: {
          run: async () => {
            begun.push(owner)
            gone.yes = true
            return new Promise<string>(() => undefined)
          },
        },
      })
      await clock.advance(5 * 60_000)
      gone.yes = true
    }
    // The fifth gave it up, and the sixth had nothing to do.
    expect(begun).toEqual(['second', 'third', 'fourth'])
    expect(await store.readSchedule('report/daily')).toMatchObject({ dueAtMs: sixOn(24), outcome: 'failed', attempts: 4 })
  })

  test('a job whose lease is lost hears of it, and what it says afterwards is not stored', async () => {
    const clock = createVirtualClock(startMs, 2)
    const store = await newStore()
    let heard = false
    const owners: string[] = []
    const job = (owner: string): Partial<ScheduledJob> => ({
      run: async (_due, signal) => {
        owners.push(owner)
        if (owner === 'b') return 'by b'
        signal.addEventListener('abort', () => (heard = true))
        await clock.sleep(10 * 60_000)
        return 'by a'
      },
    })
    let away = false
    const cutOff = new Proxy(store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name)
        if (typeof method !== 'function') return method
        return (...inputs: unknown[]) =>
          away && name === 'acquireLease'
            ? Promise.reject(new BelayError('store-unavailable', 'away'))
            : (Reflect.apply(method, target, inputs) as unknown)
      },
    })
    startProcess(cutOff, clock, { owner: 'a', job: job('a') })
    await clock.advance(20 * hourMs)
    expect(owners).toEqual(['a'])
    away = true
    startProcess(store, clock, { owner: 'b', job: job('b') })
    await clock.advance(20 * 60_000)
    expect(heard).toBe(true)
    expect(owners).toEqual(['a', 'b'])
    expect(await store.readSchedule('report/daily')).toMatchObject({ outcome: 'done', message: 'by b' })
  })

  test('stopping leaves a run begun, and the next start begins it again', async () => {
    const clock = createVirtualClock(startMs, 2)
    const store = await newStore()
    const first = startProcess(store, clock, {
      job: {
        run: (_due, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(new Error('stopped')))
          }),
      },
    })
    await clock.advance(20 * hourMs)
    await first.scheduler.stop()
    expect(await store.readSchedule('report/daily')).toMatchObject({ outcome: 'running' })
    const { ran } = startProcess(store, clock, { owner: 'two' })
    await clock.advance(1_000)
    expect(ran).toEqual([sixOn(24)])
  })

  test('the configuration sets another time or turns a job off; a name that there is none of is refused', async () => {
    const clock = createVirtualClock(startMs, 2)
    const other = startProcess(await newStore(), clock, { overrides: { 'report/daily': '30 11 * * *' } })
    await clock.advance(dayMs)
    expect(other.ran).toEqual([startMs + 1.5 * hourMs])
    const off = startProcess(await newStore(), clock, { overrides: { 'report/daily': 'off' } })
    await clock.advance(dayMs)
    expect(off.ran).toEqual([])
    expect(await off.scheduler.states()).toMatchObject([{ cron: null, nextDueAtMs: null }])
    expect(() => startProcess(opened[0] as Store, clock, { overrides: { 'report/dialy': 'off' } })).toThrow('report/dialy')
  })

  test('a store that is away postpones a run and loses none', async () => {
    const clock = createVirtualClock(startMs, 2)
    const store = await newStore()
    let away = false
    const flaky = new Proxy(store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name)
        if (typeof method !== 'function') return method
        return (...inputs: unknown[]) =>
          away ? Promise.reject(new BelayError('store-unavailable', 'away')) : (Reflect.apply(method, target, inputs) as unknown)
      },
    })
    const { ran } = startProcess(flaky, clock)
    await clock.advance(hourMs)
    away = true
    await clock.advance(2 * dayMs)
    expect(ran).toEqual([])
    away = false
    await clock.advance(60_000)
    expect(ran).toEqual([sixOn(24), sixOn(25)])
  })
})
