// What can be done behind the hub's back on each platform: seen by the market, kept in the books, told where the platform tells.
import { expect, test } from 'vitest'
import { patchBody, itemPath, sampleAccount } from './amazon-seller/sample-account.ts'
import { inventoryBody, minuteMs, sampleVendor, submitInventory, transactionState } from './amazon-vendor/sample-account.ts'
import { createTestShop } from './shopify/test-shop.ts'
import type { Simulator } from './simulator.ts'

const balances = ({ market }: Simulator): void => {
  for (const each of market.books())
    expect(each.liveQuantity).toBe(each.openingQuantity + each.writtenQuantity + each.restockedQuantity - each.soldQuantity)
}

test('Shopify: edits, SKUs, tracking, policy, moved stock, off sale and gone', async () => {
  const shop = createTestShop()
  const { backstage, market } = shop.simulator
  const [mug = '', , blue = '', toy = ''] = shop.offers()
  expect(backstage.editQuantity(mug, 9)).toBe(true)
  expect(market.liveQuantity(mug)).toBe(9)
  expect(backstage.moveElsewhere(blue, 2)).toBe(true)
  expect(
    market
      .books()
      .filter((each) => each.sku === 'MUG-2')
      .map((each) => each.liveQuantity),
  ).toEqual([1, 2])
  expect(backstage.setSku(toy, 'MUG-2')).toBe(true)
  expect(backstage.setOnSale(toy, false)).toBe(true)
  expect(backstage.setSellsBelowZero(toy, false)).toBe(true)
  const [itemId] = toy.split('@')
  const text =
    '{ inventoryItem(id: "gid://shopify/InventoryItem/' +
    itemId +
    '") { sku tracked duplicateSkuCount variant { inventoryPolicy product { status } } } }'
  expect(await shop.run('', {}, text)).toMatchObject({
    data: {
      inventoryItem: {
        sku: 'MUG-2',
        tracked: true,
        duplicateSkuCount: 1,
        variant: { inventoryPolicy: 'DENY', product: { status: 'DRAFT' } },
      },
    },
  })
  balances(shop.simulator)
  expect(backstage.setTracked(blue, false)).toBe(true)
  expect(backstage.remove(mug)).toBe(true)
  expect(backstage.editQuantity(mug, 1)).toBe(false)
  expect(market.offers().map((each) => each.sku)).toEqual(['MUG-2'])
  expect([backstage.setFulfilment(toy, 'FBA'), backstage.loseNextWrite(toy), backstage.setUnitsPerListing(toy, 6)]).toEqual([
    false,
    false,
    false,
  ])
})

test('Amazon seller: edits, lost writes, switched fulfilment, packs, off sale and gone', async () => {
  const { simulator, clock, caller } = sampleAccount()
  const { backstage, market } = simulator
  const path = itemPath('MUG')
  const query = { marketplaceIds: 'A1PA6795UKMFR9', includedData: 'summaries,fulfillmentAvailability,attributes' }
  const seen = async () => (await caller.call('GET', path, { query })).body
  expect(backstage.editQuantity('MUG', 4)).toBe(true)
  expect(backstage.loseNextWrite('MUG')).toBe(true)
  for (const quantity of [7, 8]) {
    await caller.call('PATCH', path, { query: { marketplaceIds: 'A1PA6795UKMFR9' }, body: patchBody(quantity) })
    await clock.advance(5 * minuteMs)
    expect(market.liveQuantity('MUG')).toBe(quantity === 7 ? 4 : 8)
  }
  expect(backstage.setUnitsPerListing('MUG', 6)).toBe(true)
  expect(await seen()).toMatchObject({
    summaries: [{ status: ['BUYABLE', 'DISCOVERABLE'] }],
    attributes: { item_package_quantity: [{ value: 6 }] },
  })
  expect(backstage.setOnSale('MUG', false)).toBe(true)
  expect(backstage.setFulfilment('MUG', 'FBA')).toBe(true)
  expect(await seen()).toMatchObject({ summaries: [{ status: [] }], fulfillmentAvailability: [{ fulfillmentChannelCode: 'AMAZON_EU' }] })
  balances(simulator)
  expect(backstage.remove('MUG')).toBe(true)
  expect((await caller.call('GET', path, { query })).status).toBe(404)
  expect(backstage.setTracked('A/B #1', false)).toBe(false)
})

test('Amazon vendor: an update that succeeds and changes nothing; edits, obsolete and gone', async () => {
  const account = sampleVendor()
  const { backstage, market } = account.simulator
  expect(backstage.loseNextWrite('df/W1/LAMP')).toBe(true)
  const submitted = await submitInventory(account, 'W1', inventoryBody([['LAMP', 3]]))
  await account.clock.advance(2 * minuteMs)
  expect(await transactionState(account, submitted, 'df')).toMatchObject({ status: 'Success' })
  expect(market.liveQuantity('df/W1/LAMP')).toBe(10)
  expect(backstage.editQuantity('df/W1/LAMP', 5)).toBe(true)
  expect(market.liveQuantity('df/W1/LAMP')).toBe(5)
  expect(backstage.setOnSale('df/W2/LAMP', false)).toBe(true)
  expect(market.liveQuantity('df/W2/LAMP')).toBe(0)
  balances(account.simulator)
  expect(backstage.remove('df/W1/DESK')).toBe(true)
  expect(backstage.remove('df/W1/DESK')).toBe(false)
})
