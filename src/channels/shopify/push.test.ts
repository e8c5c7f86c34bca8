import { describe, expect, test } from 'vitest'
import { errorResponse, type SentRequest, throttledResponse } from '../../../test/golden/shopify/schema.ts'
import { never, setup } from '../../../test/golden/shopify/setup.ts'
import type { PushItem } from '../../ports/channel.ts'
import type { SetQuantitiesVariables } from './operations.ts'
import { idempotencyKey } from './push-write.ts'

const item = (id: number, fromQuantity: number | null, quantity: number, key = `k${id}`): PushItem => ({
  key,
  externalId: `${id}@900`,
  fromQuantity,
  quantity,
})
const variablesOf = (request: SentRequest | undefined): SetQuantitiesVariables => request?.variables as unknown as SetQuantitiesVariables

interface Level {
  quantity: number
}

/** A shop that compares and sets, remembers keys, and applies all of a mutation or, when told so, all but the stale. */
const stockRoot = (levels: Map<string, Level>, partial = false) => {
  const results = new Map<string, unknown>()
  return {
    results,
    inventorySetQuantities: (
      { input }: { input: SetQuantitiesVariables['input'] },
      _: unknown,
      info: { variableValues: { key: string } },
    ) => {
      const { key } = info.variableValues
      const earlier = results.get(key)
      if (earlier) return earlier
      const userErrors = input.quantities.flatMap((each, index) =>
        levels.get(each.inventoryItemId)?.quantity === each.changeFromQuantity
          ? []
          : [{ code: 'CHANGE_FROM_QUANTITY_STALE', field: ['input', 'quantities', String(index), 'changeFromQuantity'], message: 'stale' }],
      )
      const stale = new Set(userErrors.map((error) => Number(error.field[2])))
      const applied = userErrors.length > 0 && !partial ? [] : input.quantities.filter((_each, index) => !stale.has(index))
      for (const each of applied) levels.set(each.inventoryItemId, { quantity: each.quantity })
      const changes = applied.map((each) => ({
        name: 'available',
        delta: each.quantity - each.changeFromQuantity,
        quantityAfterChange: each.quantity,
        item: { id: each.inventoryItemId },
        location: { id: each.locationId },
      }))
      const result = {
        inventoryAdjustmentGroup: changes.length === 0 ? null : { id: 'gid://shopify/InventoryAdjustmentGroup/1', changes },
        userErrors,
      }
      results.set(key, result)
      return result
    },
  }
}
const levelsOf = (...quantities: readonly number[]): Map<string, Level> =>
  new Map(quantities.map((quantity, i) => [`gid://shopify/InventoryItem/${i + 1}`, { quantity }]))
const quantityOf = (levels: Map<string, Level>, id: number): number | undefined => levels.get(`gid://shopify/InventoryItem/${id}`)?.quantity

const payload = (userErrors: readonly unknown[], group: unknown = null) => ({
  inventorySetQuantities: () => ({ inventoryAdjustmentGroup: group, userErrors }),
})

describe('push', () => {
  test('decreases share one mutation, every increase has its own', async () => {
    const levels = levelsOf(5, 6, 7, 8)
    const { shop, adapter } = setup(stockRoot(levels))
    const outcomes = await adapter.push([item(1, 5, 8), item(2, 6, 1), item(3, 7, 7), item(4, 8, 9)], never)
    expect(outcomes).toEqual([
      { kind: 'applied', quantity: 8 },
      { kind: 'applied', quantity: 1 },
      { kind: 'applied', quantity: 7 },
      { kind: 'applied', quantity: 9 },
    ])
    expect(shop.requests.map((request) => variablesOf(request).input.quantities.length)).toEqual([2, 1, 1])
    expect(variablesOf(shop.requests[0]).input).toMatchObject({
      name: 'available',
      reason: 'correction',
      quantities: [
        { inventoryItemId: 'gid://shopify/InventoryItem/2', locationId: 'gid://shopify/Location/900', quantity: 1, changeFromQuantity: 6 },
        { inventoryItemId: 'gid://shopify/InventoryItem/3', changeFromQuantity: 7 },
      ],
    })
    expect(variablesOf(shop.requests[1]).key).toBe(idempotencyKey(['k1']))
    expect(variablesOf(shop.requests[1]).input.referenceDocumentUri).toBe(`gid://belay/Push/${idempotencyKey(['k1'])}`)
  })

  test('an increase whose answer was lost takes effect once, whoever it is sent again with', async () => {
    const levels = levelsOf(5, 5, 5)
    const { shop, adapter } = setup(stockRoot(levels))
    const { fetch } = shop
    let lose = true
    Object.assign(shop, {
      fetch: async (input: string, init: RequestInit) => {
        const response = await fetch(input, init)
        if (!lose || input.includes('oauth')) return response
        throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } })
      },
    })
    const first = await adapter.push([item(1, 5, 8), item(2, 5, 6)], never)
    expect(first.map((each) => each.kind)).toEqual(['ambiguous', 'ambiguous'])
    expect(quantityOf(levels, 1)).toBe(8)
    // Three are sold, so that the level is what the write expects again.
    levels.set('gid://shopify/InventoryItem/1', { quantity: 5 })
    lose = false
    const second = await adapter.push([item(3, 5, 9), item(1, 5, 8)], never)
    expect(second[1]).toEqual({ kind: 'applied', quantity: 8 })
    expect(quantityOf(levels, 1)).toBe(5)
  })

  test('the key does not depend on the order of the items', () => {
    expect(idempotencyKey(['a', 'b'])).toBe(idempotencyKey(['b', 'a']))
    expect(idempotencyKey(['a', 'b'])).not.toBe(idempotencyKey(['a']))
    expect(idempotencyKey(['a'])).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  test.each([false, true])('a stale item does not fail its batch (others applied at once: %s)', async (partial) => {
    const levels = levelsOf(5, 99, 7, 8)
    const { shop, adapter } = setup(stockRoot(levels, partial))
    const outcomes = await adapter.push([item(1, 5, 0), item(2, 6, 1), item(3, 7, 2), item(4, 8, 3)], never)
    expect(outcomes).toEqual([
      { kind: 'applied', quantity: 0 },
      { kind: 'stale', quantity: null },
      { kind: 'applied', quantity: 2 },
      { kind: 'applied', quantity: 3 },
    ])
    expect(shop.requests.length).toBe(partial ? 1 : 2)
    expect([1, 2, 3, 4].map((id) => quantityOf(levels, id))).toEqual([0, 99, 2, 3])
  })

  test('others that were applied silently are reported stale, never applied twice upwards', async () => {
    const levels = levelsOf(5, 99)
    const root = stockRoot(levels, true)
    const { adapter } = setup({
      inventorySetQuantities: (...args: Parameters<typeof root.inventorySetQuantities>) => ({
        ...root.inventorySetQuantities(...args),
        inventoryAdjustmentGroup: null,
      }),
    })
    const outcomes = await adapter.push([item(1, 5, 2), item(2, 6, 1)], never)
    expect(outcomes).toEqual([
      { kind: 'stale', quantity: null },
      { kind: 'stale', quantity: null },
    ])
    expect(quantityOf(levels, 1)).toBe(2)
  })

  test('a refusal that names nobody: each is sent alone', async () => {
    let calls = 0
    const { shop, adapter } = setup({
      inventorySetQuantities: ({ input }: { input: SetQuantitiesVariables['input'] }) => {
        calls++
        if (input.quantities.length > 1)
          return { inventoryAdjustmentGroup: null, userErrors: [{ code: 'CHANGE_FROM_QUANTITY_STALE', field: null, message: 'stale' }] }
        return { inventoryAdjustmentGroup: { id: 'gid://shopify/InventoryAdjustmentGroup/1', changes: [] }, userErrors: [] }
      },
    })
    const outcomes = await adapter.push([item(1, 5, 2), item(2, 6, 1)], never)
    expect(outcomes.map((each) => each.kind)).toEqual(['applied', 'applied'])
    expect(calls).toBe(3)
    expect(new Set(shop.requests.map((request) => variablesOf(request).key)).size).toBe(3)
  })

  test('an item named twice goes into two mutations', async () => {
    const { shop, adapter } = setup(stockRoot(levelsOf(5)))
    const outcomes = await adapter.push([item(1, 5, 4, 'a'), item(1, 4, 3, 'b')], never)
    expect(outcomes).toEqual([
      { kind: 'applied', quantity: 4 },
      { kind: 'applied', quantity: 3 },
    ])
    expect(shop.requests.length).toBe(2)
  })

  test.each([
    ['CHANGE_FROM_QUANTITY_STALE', { kind: 'stale', quantity: null }],
    ['IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED', { kind: 'stale', quantity: null }],
    ['IDEMPOTENCY_CONCURRENT_REQUEST', { kind: 'ambiguous', code: 'channel-unavailable' }],
    ['IDEMPOTENCY_KEY_PARAMETER_MISMATCH', { kind: 'rejected', code: 'channel-rejected' }],
    ['INVALID_INVENTORY_ITEM', { kind: 'rejected', code: 'listing-unknown' }],
    ['INVALID_LOCATION', { kind: 'rejected', code: 'listing-unknown' }],
    ['INVALID_REASON', { kind: 'rejected', code: 'channel-rejected' }],
    ['NON_MUTABLE_INVENTORY_ITEM', { kind: 'rejected', code: 'channel-rejected' }],
    [null, { kind: 'rejected', code: 'channel-rejected' }],
  ])('user error %s', async (code, expected) => {
    const { adapter } = setup(payload([{ code, field: ['input', 'quantities', '0'], message: 'no' }]))
    expect((await adapter.push([item(1, 5, 8)], never))[0]).toMatchObject(expected)
    const alone = setup(payload([{ code, field: null, message: 'no' }]))
    expect((await alone.adapter.push([item(1, 5, 3)], never))[0]).toMatchObject(expected)
  })

  test('an answer that tells of nothing is not taken for a success', async () => {
    const { adapter } = setup(payload([]))
    expect(await adapter.push([item(1, 5, 8)], never)).toMatchObject([{ kind: 'ambiguous', code: 'channel-answer-malformed' }])
    expect(await adapter.push([item(1, 5, 5)], never)).toEqual([{ kind: 'applied', quantity: 5 }])
  })

  test.each([
    ['a wrong address', { ...item(1, 5, 3), externalId: 'x' }, 'listing-address-invalid'],
    ['no number to compare with', item(1, null, 3), 'channel-rejected'],
    ['a negative quantity', item(1, 5, -1), 'channel-rejected'],
  ])('%s is refused here, the others go on', async (_, bad, code) => {
    const { shop, adapter } = setup(stockRoot(levelsOf(0, 6)))
    expect(await adapter.push([bad, item(2, 6, 1)], never)).toMatchObject([
      { kind: 'rejected', code },
      { kind: 'applied', quantity: 1 },
    ])
    expect(shop.requests.length).toBe(1)
  })

  describe('the planes', () => {
    test('THROTTLED with HTTP 200 and 429: not executed, with the time', async () => {
      for (const status of [200, 429]) {
        const { shop, adapter, clock, seen } = setup()
        shop.intercept = () => throttledResponse(status)
        // The answer says that it takes 752 points and that 666 of 1000 are there: 86 more, at 50 a second.
        const [outcome] = await adapter.push([item(1, 5, 3)], never)
        expect(outcome).toEqual({ kind: 'throttled', retryAtMs: clock.nowMs() + 1_720 })
        expect(seen.at(-1)).toEqual({ operation: 'inventorySetQuantities', outcome: 'throttled' })
      }
    })

    test.each([
      ['ACCESS_DENIED', 'unsent', 'channel-permission-missing'],
      ['SHOP_INACTIVE', 'unsent', 'channel-rejected'],
      ['MAX_COST_EXCEEDED', 'unsent', 'channel-rejected'],
      ['INTERNAL_SERVER_ERROR', 'ambiguous', 'channel-unavailable'],
      ['SOMETHING_NEW', 'ambiguous', 'channel-unavailable'],
    ])('errors[] %s', async (code, kind, expected) => {
      const { shop, adapter } = setup()
      shop.intercept = () => errorResponse(code, 'no', code === 'INTERNAL_SERVER_ERROR' ? { inventorySetQuantities: null } : undefined)
      expect(await adapter.push([item(1, 5, 3), item(2, 5, 9)], never)).toMatchObject([
        { kind, code: expected },
        { kind, code: expected },
      ])
    })

    test.each([
      [500, 'ambiguous', 'channel-unavailable'],
      [502, 'ambiguous', 'channel-unavailable'],
      [408, 'ambiguous', 'channel-timeout'],
      [402, 'unsent', 'channel-rejected'],
      [403, 'unsent', 'channel-permission-missing'],
      [404, 'unsent', 'channel-rejected'],
      [301, 'unsent', 'channel-rejected'],
    ])('HTTP %s', async (status, kind, code) => {
      const { shop, adapter } = setup()
      shop.intercept = () => new Response('oops', { status })
      expect(await adapter.push([item(1, 5, 3)], never)).toMatchObject([{ kind, code }])
    })

    test('HTTP 429 honours Retry-After and holds the next request', async () => {
      const { shop, adapter, clock } = setup(stockRoot(levelsOf(5)))
      shop.intercept = () => new Response('', { status: 429, headers: { 'retry-after': '4.0' } })
      expect(await adapter.push([item(1, 5, 3)], never)).toEqual([{ kind: 'throttled', retryAtMs: clock.nowMs() + 4_000 }])
      expect(adapter.capacity('push')).toEqual({ items: 0, retryAtMs: clock.nowMs() + 4_000 })
      shop.intercept = null
      await clock.advance(4_000)
      expect(await adapter.push([item(1, 5, 3)], never)).toMatchObject([{ kind: 'applied' }])
    })

    test('an answer that is not JSON', async () => {
      const { shop, adapter } = setup()
      shop.intercept = () => new Response('<html>')
      expect(await adapter.push([item(1, 5, 3)], never)).toMatchObject([{ kind: 'ambiguous', code: 'channel-answer-malformed' }])
    })

    test('a timeout is ambiguous', async () => {
      const { shop, adapter, clock } = setup()
      shop.intercept = () => new Promise<Response>(() => {})
      const pushed = adapter.push([item(1, 5, 3)], never)
      await clock.advance(20_000)
      expect(await pushed).toMatchObject([{ kind: 'ambiguous', code: 'channel-timeout' }])
    })

    test('refused connections never left; a stop before sending neither; a stop while under way is ambiguous', async () => {
      const refused = setup()
      refused.shop.intercept = () => {
        throw new TypeError('fetch failed', { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) })
      }
      expect(await refused.adapter.push([item(1, 5, 3)], never)).toMatchObject([{ kind: 'unsent', code: 'channel-unreachable' }])

      const stopped = setup()
      expect(await stopped.adapter.push([item(1, 5, 3)], AbortSignal.abort())).toMatchObject([{ kind: 'unsent' }])
      expect(stopped.shop.requests).toEqual([])

      const underWay = setup()
      const stop = new AbortController()
      underWay.shop.intercept = () => {
        stop.abort()
        return new Promise<Response>(() => {})
      }
      expect(await underWay.adapter.push([item(1, 5, 3)], stop.signal)).toMatchObject([{ kind: 'ambiguous', code: 'channel-unavailable' }])
    })
  })

  describe('budget', () => {
    test('increases beyond it come back one after the other; a decrease goes at once', async () => {
      const { shop, adapter, clock } = setup(stockRoot(levelsOf(5, 5, 5, 5)))
      shop.throttleStatus = { maximumAvailable: 2000, currentlyAvailable: 405, restoreRate: 100 }
      await adapter.push([item(1, 5, 4)], never)
      shop.throttleStatus = { ...shop.throttleStatus, currentlyAvailable: 395 }
      const outcomes = await adapter.push([item(2, 5, 6), item(3, 5, 7), item(4, 5, 1)], never)
      expect(outcomes).toEqual([
        { kind: 'throttled', retryAtMs: clock.nowMs() + 150 },
        { kind: 'throttled', retryAtMs: clock.nowMs() + 250 },
        { kind: 'applied', quantity: 1 },
      ])
      expect(adapter.capacity('push').items).toBe(50)
      expect(adapter.capacity('read').items).toBe(0)
    })

    test('capacity follows the bucket', async () => {
      const { shop, adapter, clock } = setup(stockRoot(levelsOf(5)))
      shop.throttleStatus = { maximumAvailable: 2000, currentlyAvailable: 2000, restoreRate: 100 }
      await adapter.push([item(1, 5, 4)], never)
      expect(adapter.capacity('push').items).toBe(250)
      expect(adapter.capacity('read').items).toBe(100)
      expect(adapter.capacity('settle').items).toBe(0)
      shop.throttleStatus = { maximumAvailable: 2000, currentlyAvailable: 4, restoreRate: 100 }
      await adapter.push([item(1, 4, 3)], never)
      expect(adapter.capacity('push')).toEqual({ items: 0, retryAtMs: clock.nowMs() + 60 })
    })
  })
})
