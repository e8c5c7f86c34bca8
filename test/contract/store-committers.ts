// Several committers on one store, each over a connection of its own, as in several processes: whatever conflicts is decided again, in halves,
// and nothing is dropped or done twice; with and without taking turns.
import { expect, test } from 'vitest'
import type { LocationId, PoolId, Sku } from '../../src/domain/ids.ts'
import { type Movement, movementKey, moveStock } from '../../src/domain/movement.ts'
import { hubChannel } from '../../src/domain/order-fold.ts'
import { emptyStock } from '../../src/domain/stock.ts'
import { createCommitTurn } from '../../src/engine/commit-turn.ts'
import { createCommitter } from '../../src/engine/committer.ts'
import type { Change } from '../../src/engine/change.ts'
import { systemClock } from '../../src/engine/system-clock.ts'
import { systemRandom } from '../../src/engine/system-random.ts'
import type { Shared } from './store.ts'

const pool = 'main' as PoolId
const skuCount = 4
const each = 60

const settingsFor = () => {
  throw new Error('no channel is configured in this test')
}

const reserve = (sku: Sku, reference: string): Change<void> => {
  const movement: Movement = { kind: 'reserve', sku, pool, location: null, toLocation: null, units: 1, reference }
  const orderKey = { channel: hubChannel, orderId: reference }
  return {
    stock: [movement],
    orders: [orderKey],
    ledgerKeys: [movementKey(movement)],
    presumesNew: true,
    decide: (view) => {
      const stock = view.stock(movement)
      if (!stock || view.order(orderKey)) return { value: undefined }
      const effect = moveStock(movement, stock, null, view.nowMs)
      return { stock: [effect.stock], orders: effect.order ? [effect.order] : [], ledger: effect.ledger, value: undefined }
    },
  }
}

export const describeCommitters = (shared: Shared): void => {
  test.each([['without turns', false] as const, ['taking turns', true] as const])(
    'three committers on the same SKUs lose nothing, %s',
    async (name, turns) => {
      const { store, reopen } = shared()
      const skus = Array.from({ length: skuCount }, (_, i) => `committed ${name} ${i}` as Sku)
      await store.commit({
        stock: skus.map((sku) => ({
          next: { ...emptyStock(sku, pool), version: 1, onHandUnits: { ['main' as LocationId]: 1000 } },
          work: [],
        })),
      })
      const stores = [store, await reopen(), await reopen()]
      await Promise.all(
        stores.map(async (own, i) => {
          const turn = createCommitTurn({ store: own, clock: systemClock, random: systemRandom, owner: `${name} ${i}` })
          const committer = createCommitter({ store: own, clock: systemClock, settingsFor, ...(turns ? { turn } : {}) })
          for (let at = 0; at < each; at += 20)
            await Promise.all(
              Array.from({ length: 20 }, (_, n) => committer.submit(reserve(skus[n % skuCount] as Sku, `${name}/${i}/${at + n}`))),
            )
        }),
      )
      for (const sku of skus) {
        const [stock] = await store.readSku(sku)
        expect(stock?.reservedUnits).toBe((each * stores.length) / skuCount)
        expect((await store.ledgerLevels([{ sku, pool }]))[0]?.reservedUnits).toBe((each * stores.length) / skuCount)
      }
    },
  )
}
