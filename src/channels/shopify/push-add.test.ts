import { describe, expect, test } from 'vitest'
import type { SentRequest } from '../../../test/golden/shopify/schema.ts'
import { never, setup } from '../../../test/golden/shopify/setup.ts'
import type { PushItem } from '../../ports/channel.ts'
import type { AdjustQuantitiesVariables } from './operations.ts'

const add = (id: number, shown: number, addQuantity: number): PushItem => ({
  key: `k${id}`,
  externalId: `${id}@900`,
  fromQuantity: null,
  quantity: shown + addQuantity,
  addQuantity,
})
const variablesOf = (request: SentRequest | undefined): AdjustQuantitiesVariables =>
  request?.variables as unknown as AdjustQuantitiesVariables

/** A shop that adds, and refuses a mutation in which one of `gone` is named. */
const adding = (levels: Map<string, number>, gone: ReadonlySet<string> = new Set(), tellsAfter = true) => ({
  inventoryAdjustQuantities: ({ input }: { input: AdjustQuantitiesVariables['input'] }) => {
    const userErrors = input.changes.flatMap(({ inventoryItemId }, at) =>
      gone.has(inventoryItemId)
        ? [{ code: 'INVALID_INVENTORY_ITEM', field: ['input', 'changes', String(at), 'inventoryItemId'], message: 'gone' }]
        : [],
    )
    if (userErrors.length > 0) return { inventoryAdjustmentGroup: null, userErrors }
    const changes = input.changes.map(({ inventoryItemId, locationId, delta }) => {
      const after = (levels.get(inventoryItemId) ?? 0) + delta
      levels.set(inventoryItemId, after)
      const quantityAfterChange = tellsAfter ? after : null
      return { name: 'available', delta, quantityAfterChange, item: { id: inventoryItemId }, location: { id: locationId } }
    })
    return { inventoryAdjustmentGroup: { id: 'gid://shopify/InventoryAdjustmentGroup/1', changes }, userErrors: [] }
  },
})
const levelsOf = (...quantities: readonly number[]): Map<string, number> =>
  new Map(quantities.map((quantity, i) => [`gid://shopify/InventoryItem/${i + 1}`, quantity]))

describe('adding to quantities', () => {
  test('250 raises are one mutation; what is told is what is shown after it, whatever was expected', async () => {
    const levels = levelsOf(...Array.from({ length: 300 }, () => 5))
    levels.set('gid://shopify/InventoryItem/2', 3)
    const { shop, adapter } = setup(adding(levels))
    const outcomes = await adapter.push(
      Array.from({ length: 300 }, (_, i) => add(i + 1, 5, 4)),
      never,
    )
    expect(outcomes.slice(0, 2)).toEqual([
      { kind: 'applied', quantity: 9 },
      { kind: 'applied', quantity: 7 },
    ])
    expect(outcomes.every((each) => each.kind === 'applied')).toBe(true)
    expect(shop.requests.map((request) => variablesOf(request).input.changes.length).sort((a, b) => b - a)).toEqual([250, 50])
    expect(variablesOf(shop.requests[0]).input.changes[0]).toMatchObject({ delta: 4, changeFromQuantity: null })
  })

  test('an answer that does not tell the number is an acceptance, to be looked at', async () => {
    const { adapter } = setup(adding(levelsOf(5), new Set(), false))
    expect(await adapter.push([add(1, 5, 2)], never)).toEqual([{ kind: 'accepted', submissionId: 'k1' }])
  })

  test('a refusal speaks for whom it names; its company may have been added; it goes alone from then on', async () => {
    const levels = levelsOf(5, 5, 5)
    const gone = new Set(['gid://shopify/InventoryItem/2'])
    const { shop, adapter } = setup(adding(levels, gone))
    const kinds = async (): Promise<readonly string[]> =>
      (await adapter.push([add(1, 5, 1), add(2, 5, 1), add(3, 5, 1)], never)).map((each) => each.kind)
    expect(await kinds()).toEqual(['ambiguous', 'rejected', 'ambiguous'])
    expect(await kinds()).toEqual(['applied', 'rejected', 'applied'])
    expect(shop.requests.map((request) => variablesOf(request).input.changes.length)).toEqual([3, 2, 1])
    gone.clear()
    expect(await kinds()).toEqual(['applied', 'applied', 'applied'])
    expect(await kinds()).toEqual(['applied', 'applied', 'applied'])
    expect(shop.requests.slice(3).map((request) => variablesOf(request).input.changes.length)).toEqual([2, 1, 3])
  })

  test('a refusal that names nobody, and no answer at all: nothing is known', async () => {
    const refusing = setup({
      inventoryAdjustQuantities: () => ({
        inventoryAdjustmentGroup: null,
        userErrors: [{ code: 'ADJUST_QUANTITIES_FAILED', field: null, message: 'try again' }],
      }),
    })
    expect((await refusing.adapter.push([add(1, 5, 1), add(2, 5, 1)], never)).map((each) => each.kind)).toEqual(['ambiguous', 'ambiguous'])
    expect((await refusing.adapter.push([add(1, 5, 1)], never)).map((each) => each.kind)).toEqual(['ambiguous'])
    const silent = setup({ inventoryAdjustQuantities: () => null })
    expect((await silent.adapter.push([add(1, 5, 1)], never)).map((each) => each.kind)).toEqual(['ambiguous'])
  })

  test('nothing is taken away by adding', async () => {
    const { shop, adapter } = setup(adding(levelsOf(5)))
    expect((await adapter.push([add(1, 5, -2)], never)).map((each) => each.kind)).toEqual(['rejected'])
    expect(shop.requests).toEqual([])
  })

  test('beyond the budget they wait, mutation by mutation', async () => {
    const { shop, adapter, clock } = setup(adding(levelsOf(5, 5)))
    shop.throttleStatus = { maximumAvailable: 2000, currentlyAvailable: 395, restoreRate: 100 }
    await adapter.push([add(1, 5, 1)], never)
    expect(await adapter.push([add(1, 6, 1), add(2, 5, 1)], never)).toEqual([
      { kind: 'throttled', retryAtMs: clock.nowMs() + 150 },
      { kind: 'throttled', retryAtMs: clock.nowMs() + 150 },
    ])
  })
})
