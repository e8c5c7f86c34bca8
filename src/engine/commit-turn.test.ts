import { afterEach, expect, test } from 'vitest'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { createVirtualClock } from '../../test/support/virtual-clock.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { type CommitTurn, createCommitTurn } from './commit-turn.ts'

const open: Store[] = []
afterEach(async () => {
  for (const store of open.splice(0)) await store.close()
})

const town = async () => {
  const clock = createVirtualClock()
  const store = await openStore('sqlite::memory:')
  open.push(store)
  await store.migrate()
  const counts = { looks: 0 }
  const counted = {
    takeTurn: (...inputs: Parameters<Store['takeTurn']>) => {
      counts.looks += 1
      return store.takeTurn(...inputs)
    },
    endTurn: (...inputs: Parameters<Store['endTurn']>) => store.endTurn(...inputs),
  }
  const turnOf = (owner: string, seed: number): CommitTurn => createCommitTurn({ store: counted, clock, random: seededRandom(seed), owner })
  return { clock, counts, turnOf }
}

test('who meets nobody asks for nothing', async () => {
  const { clock, counts, turnOf } = await town()
  const turn = turnOf('a', 1)
  for (let i = 0; i < 100; i++) {
    expect(await turn.enter()).toBe(false)
    await turn.leave(true, true)
    await clock.advance(10)
  }
  expect(counts.looks).toBe(0)
})

test('processes that met take turns: one commits at a time, each gets its share, and it ends when they do not meet any more', async () => {
  const { clock, counts, turnOf } = await town()
  let inside = 0
  let most = 0
  const batches = [0, 0, 0]
  const stop = new AbortController()
  const running = batches.map(async (_, i) => {
    const turn = turnOf(`process ${i}`, i + 1)
    turn.met()
    while (!stop.signal.aborted) {
      await turn.enter()
      inside += 1
      most = Math.max(most, inside)
      await clock.sleep(10)
      inside -= 1
      batches[i] = (batches[i] ?? 0) + 1
      await turn.leave(true, true)
    }
    await turn.leave(false, true)
  })
  await clock.advance(3_000)
  stop.abort()
  await clock.advance(5_000)
  await Promise.all(running)
  expect(most).toBe(1)
  expect(Math.min(...batches)).toBeGreaterThan(40)
  expect(batches.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(200)
  const before = counts.looks
  const calm = turnOf('process 0', 9)
  await calm.enter()
  expect(counts.looks).toBe(before)
})

test('a process that died in its turn holds the others up once, for as long as the turn lasts', async () => {
  const { clock, turnOf } = await town()
  const [dead, alive] = [turnOf('dead', 1), turnOf('alive', 2)]
  dead.met()
  await dead.enter()
  alive.met()
  let entered: boolean | null = null
  const entering = alive.enter().then((others) => {
    entered = others
  })
  await clock.advance(900)
  expect(entered).toBeNull()
  await clock.advance(200)
  await entering
  expect(entered).toBe(true)
})

test('what was known is old after the turn of another, and only then', async () => {
  const { turnOf } = await town()
  const [a, b] = [turnOf('a', 1), turnOf('b', 2)]
  for (const turn of [a, b]) turn.met()
  await a.enter()
  await a.leave(false, true)
  expect(await a.enter()).toBe(false)
  await a.leave(false, true)
  expect(await b.enter()).toBe(true)
  await b.leave(false, true)
  expect(await a.enter()).toBe(true)
})
