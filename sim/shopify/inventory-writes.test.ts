// Compare-and-set, idempotency keys, refusals.
import { expect, test } from 'vitest'
import { createTestShop, gidsOf, pick, setInput, type TestShop } from './test-shop.ts'

const set = async (shop: TestShop, key: string, input: object) =>
  pick(await shop.run('SetAvailable', { key, input }), 'data', 'inventorySetQuantities')
const codes = (payload: unknown): unknown[] => (pick(payload, 'userErrors') as readonly unknown[]).map((each) => pick(each, 'code'))
const live = (shop: TestShop, index: number): number => shop.simulator.market.liveQuantity(shop.offers()[index]!)
const two = (shop: TestShop, second: number) => ({
  name: 'available',
  reason: 'correction',
  quantities: [
    { ...gidsOf(shop.offers()[0]!), quantity: 8, changeFromQuantity: 5 },
    { ...gidsOf(shop.offers()[2]!), quantity: 8, changeFromQuantity: second },
  ],
})

test('a compare that fails changes nothing, of the whole array', async () => {
  const shop = createTestShop()
  const refused = await set(shop, 'a', two(shop, 99))
  expect(refused).toMatchObject({
    inventoryAdjustmentGroup: null,
    userErrors: [{ code: 'CHANGE_FROM_QUANTITY_STALE', field: ['input', 'quantities', '1', 'changeFromQuantity'] }],
  })
  expect([live(shop, 0), live(shop, 2)]).toEqual([5, 3])
  await set(shop, 'b', two(shop, 3))
  expect([live(shop, 0), live(shop, 2)]).toEqual([8, 8])
})

test('a shop can be told to refuse stale items one by one', async () => {
  const shop = createTestShop({ compareFailure: 'refuses-item' })
  expect(codes(await set(shop, 'a', two(shop, 99)))).toEqual(['CHANGE_FROM_QUANTITY_STALE'])
  expect([live(shop, 0), live(shop, 2)]).toEqual([8, 3])
})

test('a sale between read and write makes the compare fail; null opts out', async () => {
  const shop = createTestShop()
  const offer = shop.offers()[0]!
  shop.simulator.market.buy([{ externalId: offer, quantity: 1 }])
  expect(codes(await set(shop, 'a', setInput(offer, 9, 5)))).toEqual(['CHANGE_FROM_QUANTITY_STALE'])
  expect(codes(await set(shop, 'b', setInput(offer, 9, null)))).toEqual([])
  expect(live(shop, 0)).toBe(9)
})

test('the same key with the same arguments answers the first result and acts once', async () => {
  const shop = createTestShop()
  const offer = shop.offers()[0]!
  const first = await set(shop, 'key', setInput(offer, 8, 5))
  shop.simulator.market.buy([{ externalId: offer, quantity: 3 }])
  expect(live(shop, 0)).toBe(5)
  expect(await set(shop, 'key', setInput(offer, 8, 5))).toEqual(first)
  expect(live(shop, 0)).toBe(5)
  expect(codes(await set(shop, 'key', setInput(offer, 7, 5)))).toEqual(['IDEMPOTENCY_KEY_PARAMETER_MISMATCH'])
})

test('a remembered key is forgotten after its retention', async () => {
  const shop = createTestShop({ keyRetentionMs: 60_000 })
  const offer = shop.offers()[0]!
  await set(shop, 'key', setInput(offer, 8, 5))
  shop.simulator.market.buy([{ externalId: offer, quantity: 3 }])
  await shop.clock.advance(60_001)
  await set(shop, 'key', setInput(offer, 8, 5))
  expect(live(shop, 0)).toBe(8)
})

test('a refusal uses its key up, unless the shop is told otherwise', async () => {
  for (const [refusalConsumesKey, expected] of [
    [true, ['CHANGE_FROM_QUANTITY_STALE']],
    [false, []],
  ] as const) {
    const shop = createTestShop({ refusalConsumesKey })
    const offer = shop.offers()[0]!
    await set(shop, 'key', setInput(offer, 8, 4))
    shop.simulator.market.buy([{ externalId: offer, quantity: 1 }])
    expect(codes(await set(shop, 'key', setInput(offer, 8, 4)))).toEqual(expected)
  }
})

test('the key and changeFromQuantity are required at run time', async () => {
  const shop = createTestShop()
  const text = `mutation Set($input: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $input) { userErrors { code } } }`
  expect(pick(await shop.run('Set', { input: setInput(shop.offers()[0]!, 8, 5) }, text), 'errors', 0)).toMatchObject({
    message: 'The @idempotent directive is required for this mutation but was not provided.',
    extensions: { code: 'BAD_REQUEST' },
  })
  const input = { name: 'available', reason: 'correction', quantities: [{ ...gidsOf(shop.offers()[0]!), quantity: 8 }] }
  expect(pick(await shop.run('SetAvailable', { key: 'a', input }), 'errors', 0)).toMatchObject({
    message: 'InventoryQuantityInput must include the following argument: changeFromQuantity.',
    extensions: { code: 'INVALID_FIELD_ARGUMENTS' },
  })
  expect(live(shop, 0)).toBe(5)
})

test('what is wrong with an input is told by code and place', async () => {
  const shop = createTestShop()
  const offer = shop.offers()[0]!
  const good = { ...gidsOf(offer), quantity: 1, changeFromQuantity: null }
  const input = (change: object) => ({ name: 'available', reason: 'correction', quantities: [good], ...change })
  const cases: readonly (readonly [string, object])[] = [
    ['INVALID_NAME', input({ name: 'committed' })],
    ['INVALID_REASON', input({ reason: 'because' })],
    ['INVALID_REFERENCE_DOCUMENT', input({ referenceDocumentUri: 'not a uri' })],
    ['INVALID_INVENTORY_ITEM', input({ quantities: [{ ...good, inventoryItemId: 'gid://shopify/InventoryItem/1' }] })],
    ['INVALID_LOCATION', input({ quantities: [{ ...good, locationId: 'gid://shopify/Location/1' }] })],
    ['INVALID_QUANTITY_TOO_HIGH', input({ quantities: [{ ...good, quantity: 1_000_000_001 }] })],
    ['INVALID_QUANTITY_NEGATIVE', input({ name: 'on_hand', quantities: [{ ...good, quantity: -1 }] })],
    ['NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR', input({ quantities: [good, good] })],
  ]
  for (const [code, wrong] of cases) expect(codes(await set(shop, code, wrong))).toEqual([code])
  const tooMany = input({ quantities: Array.from({ length: 251 }, () => good) })
  expect(pick(await shop.run('SetAvailable', { key: 'z', input: tooMany }), 'errors', 0, 'extensions', 'code')).toBe(
    'MAX_INPUT_SIZE_EXCEEDED',
  )
  expect(live(shop, 0)).toBe(5)
})

test('setting on hand moves available and leaves what is committed', async () => {
  const shop = createTestShop()
  const offer = shop.offers()[0]!
  shop.simulator.market.buy([{ externalId: offer, quantity: 2 }])
  const input = { ...setInput(offer, 10, 5), name: 'on_hand' }
  expect(codes(await set(shop, 'a', input))).toEqual([])
  expect(live(shop, 0)).toBe(8)
})

test('10 000 quantities are set in batches of 250', async () => {
  const catalogue = Array.from({ length: 10_000 }, (_, index) => ({
    sku: `S-${index}`,
    title: 'S',
    priceMinor: 100,
    currency: 'EUR',
    quantity: 1,
  }))
  const shop = createTestShop({ catalogue, plan: { restorePointsPerSecond: 1_000 } })
  const offers = shop.offers()
  await shop.run('Locations')
  for (let from = 0; from < offers.length; from += 250) {
    const quantities = offers.slice(from, from + 250).map((offer) => ({ ...gidsOf(offer), quantity: 7, changeFromQuantity: 1 }))
    expect(codes(await set(shop, `batch ${from}`, { name: 'available', reason: 'correction', quantities }))).toEqual([])
  }
  expect(shop.simulator.market.books().every((each) => each.liveQuantity === 7 && each.writtenQuantity === 6)).toBe(true)
})
