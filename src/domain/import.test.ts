import { describe, expect, test } from 'vitest'
import { type ChannelId, type ListingId, type LocationId, type PoolId, type Sku, stockKeyText } from './ids.ts'
import { type ImportState, importListingKeys, importNeeds, planImport } from './import.ts'
import type { ImportListingRow, ImportRows, ImportStockRow } from './import-rows.ts'
import type { Listing } from './orders.ts'
import { noPolicy, type Policy } from './rules.ts'
import { availableUnits, type ListingState, onHandTotal, type Push, type Stock } from './stock.ts'

const main = 'main' as PoolId
const berlin = 'berlin' as LocationId
const shop = 'shop' as ChannelId

const stockRow = (sku: string, onHandUnits: number, more: Partial<ImportStockRow> = {}): ImportStockRow => ({
  line: 2,
  sku: sku as Sku,
  pool: main,
  location: berlin,
  onHandUnits,
  ...more,
})
const listingRow = (sku: string, externalId: string, more: Partial<ImportListingRow> = {}): ImportListingRow => ({
  line: 2,
  sku: sku as Sku,
  pool: main,
  channel: shop,
  externalId,
  unitsPerListing: 1,
  rule: { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 },
  ...more,
})
const rows = (stock: readonly ImportStockRow[], listings: readonly ImportListingRow[] = [], reference = 'file-1'): ImportRows => ({
  reference,
  stock,
  listings,
})

/** A store in miniature: what a plan wrote is what the next one sees. */
const world = (more: Partial<ImportState> = {}) => {
  const stock = new Map<string, Stock>()
  const listings = new Map<string, Listing>()
  const ledgerKeys = new Set<string>()
  const state: ImportState = {
    stock: (key) => stock.get(stockKeyText(key)) ?? null,
    listing: (channel, key) => listings.get(`${channel} ${key}`) ?? null,
    hasLedgerKey: (key) => ledgerKeys.has(key),
    address: (_channel, externalId) =>
      externalId.startsWith('bad')
        ? { problem: `${externalId} is not an item id`, fix: 'Write ITEM@LOCATION.' }
        : {
            externalId,
            keys: [externalId, `alias-${externalId.toLowerCase()}`],
            fulfilment: externalId.startsWith('fba') ? 'FBA' : 'MFN',
            writeClass: 'compare-and-set',
          },
    poolLocations: new Map([[main, [berlin, 'hamburg' as LocationId]]]),
    policy: noPolicy,
    nowMs: 1000,
    ...more,
  }
  const apply = (request: ImportRows) => {
    const plan = planImport(request, state)
    for (const each of plan.stock) stock.set(stockKeyText(each), { ...each, version: each.version + 1 })
    for (const each of plan.listings) for (const key of each.keys) listings.set(`${each.channel} ${key}`, each)
    for (const each of plan.ledger) ledgerKeys.add(each.key)
    return plan
  }
  const only = (sku: string): Stock => stock.get(stockKeyText({ sku: sku as Sku, pool: main })) as Stock
  const mend = (sku: string, change: (listing: ListingState) => ListingState): void => {
    const before = only(sku)
    stock.set(stockKeyText(before), { ...before, listings: before.listings.map(change) })
  }
  return { state, apply, only, mend }
}

describe('stock rows', () => {
  test('say the barcode, exact text, the same in each row of the SKU', () => {
    const { apply, only } = world()
    apply(rows([stockRow('RED', 4, { barcode: '0012345' })]))
    expect(only('RED').barcode).toBe('0012345')
    const left = apply(rows([stockRow('RED', 4)], [], 'file-2'))
    expect(left.preview).toMatchObject({ unchanged: 1 })
    expect(only('RED').barcode).toBe('0012345')
    const wrong = apply(
      rows(
        [stockRow('RED', 4, { barcode: ' 1' }), stockRow('RED', 4, { line: 3, location: 'hamburg' as LocationId, barcode: '2' })],
        [],
        'file-3',
      ),
    )
    expect(wrong.preview.problems.map(({ line, message }) => [line, message])).toEqual([
      [2, 'barcode is empty, too long, or has white space around it'],
      [3, 'barcode of RED differs from line 2'],
    ])
  })

  test('create a SKU with a receipt', () => {
    const { apply, only } = world()
    const plan = apply(rows([stockRow('RED', 40, { title: 'Red mug', bufferUnits: 2 })]))
    expect(plan.preview).toMatchObject({ skusCreated: 1, levelsChanged: 1, unchanged: 0, problems: [] })
    expect(plan.preview.sample).toEqual(['RED: new, 40 at berlin'])
    expect(plan.ledger).toEqual([
      {
        key: 'import/file-1/stock/2',
        sku: 'RED',
        pool: 'main',
        from: 'adjustment',
        to: 'on_hand/berlin',
        units: 40,
        reason: 'receipt',
        reference: 'file-1/stock/2',
        atMs: 1000,
        version: 1,
      },
    ])
    expect(only('RED')).toMatchObject({ title: 'Red mug', bufferUnits: 2, sharing: 'strict' })
    expect(availableUnits(only('RED'))).toBe(38)
  })

  test('set a level, up and down, as a count', () => {
    const { apply, only } = world()
    apply(rows([stockRow('RED', 40)]))
    const down = apply(rows([stockRow('RED', 33)], [], 'file-2'))
    expect(down.ledger[0]).toMatchObject({ from: 'on_hand/berlin', to: 'adjustment', units: 7, reason: 'count', version: 2 })
    expect(down.preview.sample).toEqual(['RED: 40 -> 33 at berlin'])
    const up = apply(rows([stockRow('RED', 34)], [], 'file-3'))
    expect(up.ledger[0]).toMatchObject({ from: 'adjustment', to: 'on_hand/berlin', units: 1, reason: 'count' })
    expect(onHandTotal(only('RED'))).toBe(34)
  })

  test('add up over locations, and leave what they do not name', () => {
    const { apply, only } = world()
    apply(rows([stockRow('RED', 40, { title: 'Red' }), stockRow('RED', 5, { line: 3, location: 'hamburg' as LocationId })]))
    expect(onHandTotal(only('RED'))).toBe(45)
    const plan = apply(rows([stockRow('RED', 1)], [], 'file-2'))
    expect(plan.preview).toMatchObject({ skusCreated: 0, levelsChanged: 1 })
    expect(only('RED')).toMatchObject({ title: 'Red', onHandUnits: { berlin: 1, hamburg: 5 } })
  })

  test('that change nothing write nothing', () => {
    const { apply } = world()
    apply(rows([stockRow('RED', 40)]))
    const plan = apply(rows([stockRow('RED', 40)], [], 'file-2'))
    expect(plan).toMatchObject({ stock: [], ledger: [], preview: { unchanged: 1, levelsChanged: 0 } })
  })

  test('the same import twice is a no-op, even after the level has moved on', () => {
    const { apply, state } = world()
    const request = rows([stockRow('RED', 40)], [listingRow('RED', 'a')])
    apply(request)
    const moved: ImportState = { ...state, stock: (key) => ({ ...(state.stock(key) as Stock), onHandUnits: { [berlin]: 12 } }) }
    const plan = planImport(request, moved)
    expect(plan).toMatchObject({ stock: [], ledger: [], listings: [], preview: { unchanged: 2 } })
    expect(plan.preview.sample[0]).toContain('applied before')
  })

  test.each([
    [{ onHandUnits: 1.5 }, 'on_hand is 1.5, not a whole number'],
    [{ onHandUnits: -1 }, 'on_hand is -1, less than 0'],
    [{ onHandUnits: 10_000_001 }, 'on_hand is 10000001, more than 10000000'],
    [{ onHandUnits: Number.NaN }, 'not a whole number'],
    [{ bufferUnits: -2 }, 'buffer is -2'],
    [{ sku: ' RED' as Sku }, 'sku is empty, too long, or has white space'],
    [{ pool: 'other' as PoolId }, 'pool other is not in the configuration'],
    [{ location: 'munich' as LocationId }, 'location munich is not in pool main'],
  ])('with %o are a problem that names the line', (wrong, message) => {
    const plan = planImport(rows([stockRow('BLUE', 1), stockRow('RED', 4, { line: 7, ...wrong })]), world().state)
    expect(plan.preview.problems).toHaveLength(1)
    expect(plan.preview.problems[0]).toMatchObject({ file: 'stock', line: 7 })
    expect(plan.preview.problems[0]?.message).toContain(message)
    expect(plan.preview.problems[0]?.fix).not.toBe('')
    expect(plan).toMatchObject({ stock: [], ledger: [] })
  })

  test('twice for one place, or at odds with each other, are problems', () => {
    const plan = planImport(
      rows([
        stockRow('RED', 1, { title: 'a' }),
        stockRow('RED', 2, { line: 3 }),
        stockRow('RED', 3, { line: 4, location: 'hamburg' as LocationId, title: 'b' }),
      ]),
      world().state,
    )
    expect(plan.preview.problems.map((p) => [p.line, p.message])).toEqual([
      [3, 'RED at berlin is in line 2 already'],
      [4, 'title of RED differs from line 2'],
    ])
  })
})

describe('listing rows', () => {
  test('add a listing that publishes nothing yet', () => {
    const { apply, only } = world()
    const plan = apply(rows([stockRow('RED', 40)], [listingRow('RED', '12@9', { unitsPerListing: 2 })]))
    expect(plan.preview).toMatchObject({ listingsCreated: 1, problems: [] })
    expect(plan.listings).toEqual([
      {
        id: 'shop/12@9',
        channel: 'shop',
        externalId: '12@9',
        keys: ['12@9', 'alias-12@9'],
        sku: 'RED',
        pool: 'main',
        unitsPerListing: 2,
        fulfilment: 'MFN',
      },
    ])
    expect(only('RED').listings[0]).toMatchObject({ status: 'adopting', base: 0, believedQuantity: null, pushes: [], unitsPerListing: 2 })
  })

  test('change a rule without touching what the protocol knows', () => {
    const { apply, only, mend } = world()
    apply(rows([stockRow('RED', 40)], [listingRow('RED', 'a')]))
    mend('RED', (listing) => ({ ...listing, status: 'active', base: 7, believedQuantity: 7, sequence: 3 }))
    const plan = apply(
      rows([], [listingRow('RED', 'a', { rule: { mode: 'fixed', value: 5, capUnits: 9, hideBelowUnits: 1, priority: 2 } })], 'file-2'),
    )
    expect(plan.preview).toMatchObject({ listingsChanged: 1, listingsCreated: 0 })
    expect(plan.preview.sample).toEqual(['RED on shop (a): weight 1 -> fixed 5, cap 9, hidden below 1, priority 2'])
    expect(only('RED').listings[0]).toMatchObject({ status: 'active', base: 7, sequence: 3, rule: { mode: 'fixed', value: 5 } })
    expect(plan.listings).toEqual([])
  })

  test('change the pack size only while the listing can sell nothing', () => {
    const { apply, only, mend } = world()
    apply(rows([stockRow('RED', 40)], [listingRow('RED', 'a')]))
    const pack = rows([], [listingRow('RED', 'a', { unitsPerListing: 6 })], 'file-2')
    for (const open of [{ base: 1 }, { pushes: [{} as Push] }]) {
      mend('RED', (listing) => ({ ...listing, base: 0, pushes: [], ...open }))
      const refused = apply(pack)
      expect(refused.preview.problems[0]?.message).toContain('cannot change from 1 to 6')
    }
    mend('RED', (listing) => ({ ...listing, base: 0, pushes: [] }))
    const plan = apply(pack)
    expect(plan.preview).toMatchObject({ listingsChanged: 1, problems: [] })
    expect(only('RED').listings[0]?.unitsPerListing).toBe(6)
    expect(plan.listings[0]?.unitsPerListing).toBe(6)
  })

  test('of another SKU are a problem, also when they are found by another key', () => {
    const { apply } = world()
    apply(rows([stockRow('RED', 40), stockRow('BLUE', 1, { line: 3 })], [listingRow('RED', 'Item')]))
    for (const externalId of ['Item', 'ITEM']) {
      const plan = apply(rows([], [listingRow('BLUE', externalId, { line: 9 })], `file-${externalId}`))
      expect(plan.preview.problems).toHaveLength(1)
      expect(plan.preview.problems[0]).toMatchObject({ file: 'listings', line: 9 })
      expect(plan.preview.problems[0]?.message).toContain('belongs to SKU RED')
    }
  })

  test.each([
    ['an unknown SKU', listingRow('GREEN', 'a'), 'SKU GREEN is not known in pool main'],
    ['an unknown pool', listingRow('RED', 'a', { pool: 'b' as PoolId }), 'SKU RED is not known in pool b'],
    ['an id that the platform does not use', listingRow('RED', 'bad'), 'bad is not an item id'],
    ['stock that Amazon holds', listingRow('RED', 'fba-1'), 'fulfilled by Amazon'],
    ['a pack of none', listingRow('RED', 'a', { unitsPerListing: 0 }), 'units_per_listing is 0'],
    [
      'more than all',
      listingRow('RED', 'a', { rule: { mode: 'percent', value: 101, capUnits: null, hideBelowUnits: 0, priority: 0 } }),
      'value is 101, more than 100',
    ],
    ['a fixed share of nothing said', listingRow('RED', 'a', { rule: { mode: 'fixed' } }), 'value is missing: fixed needs one'],
    [
      'a fraction',
      listingRow('RED', 'a', { rule: { mode: 'weight', value: 0.5, capUnits: null, hideBelowUnits: 0, priority: 0 } }),
      'value is 0.5, not a whole number',
    ],
  ])('with %s are a problem', (_name, row, message) => {
    const plan = planImport(rows([stockRow('RED', 4)], [row]), world().state)
    expect(plan.preview.problems[0]?.message).toContain(message)
    expect(plan.stock).toEqual([])
  })

  test('say what they say, and the rest falls to the more general levels at once', () => {
    const policy: Policy = { catalogue: { hideBelowUnits: 2 }, channels: { [shop]: { capUnits: 9 } } }
    const { apply, only } = world({ policy })
    const plan = apply(rows([stockRow('RED', 4, { reserve: { units: 1 } })], [listingRow('RED', 'a', { rule: { value: 3 } })]))
    expect(plan.preview.sample).toContain('RED on shop (a): new listing, velocity 3, cap 9, hidden below 2')
    expect(only('RED')).toMatchObject({ reserve: { units: 1 }, ruleFrom: { reserve: 'sku' }, said: { reserve: { units: 1 } } })
    expect(only('RED').listings[0]).toMatchObject({
      said: { value: 3 },
      rule: { mode: 'velocity', value: 3, capUnits: 9, hideBelowUnits: 2 },
      ruleFrom: { value: 'listing', capUnits: 'channel', hideBelowUnits: 'catalogue' },
    })
    const again = apply(rows([], [listingRow('RED', 'a', { rule: {} })], 'file-2'))
    expect(again.preview.sample).toEqual(['RED on shop (a): velocity 3, cap 9, hidden below 2 -> velocity 1, cap 9, hidden below 2'])
    expect(apply(rows([], [listingRow('RED', 'a', { rule: {} })], 'file-3')).preview).toMatchObject({ unchanged: 1, listingsChanged: 0 })
  })

  test('twice in one file are a problem', () => {
    const plan = planImport(rows([stockRow('RED', 4)], [listingRow('RED', 'a'), listingRow('RED', 'A', { line: 3 })]), world().state)
    expect(plan.preview.problems).toEqual([
      { file: 'listings', line: 3, message: 'A on shop is in line 2 already', fix: 'Keep one of the two rows.' },
    ])
  })

  test('beyond the bound of a SKU are a problem', () => {
    const many = Array.from({ length: 65 }, (_, i) => listingRow('RED', `a${i}`, { line: i + 2 }))
    expect(planImport(rows([stockRow('RED', 4)], many), world().state).preview.problems).toMatchObject([{ line: 66 }])
  })
})

test('a lower count reports what channels may sell too much', () => {
  const { apply, mend } = world()
  apply(rows([stockRow('RED', 40)], [listingRow('RED', 'a')]))
  mend('RED', (listing) => ({ ...listing, status: 'active', base: 30 }))
  const plan = apply(rows([stockRow('RED', 10)], [], 'file-2'))
  expect(plan.incidents).toMatchObject([{ kind: 'at-risk', sku: 'RED', units: 20 }])
})

test('what must be read first is known from the rows', () => {
  const request = rows([stockRow('RED', 4), stockRow('RED', 4, { line: 3 })], [listingRow('BLUE', 'a'), listingRow('BLUE', 'bad')])
  expect(importNeeds(request)).toEqual({
    stock: [
      { sku: 'RED', pool: 'main' },
      { sku: 'BLUE', pool: 'main' },
    ],
    ledgerKeys: ['import/file-1/stock/2', 'import/file-1/stock/3'],
  })
  expect(importListingKeys(request, world().state.address)).toEqual(new Map([[shop, ['a', 'alias-a']]]))
})

test('ten thousand SKUs are planned in one go', () => {
  const stock = Array.from({ length: 10_000 }, (_, i) => stockRow(`S${i}`, i, { line: i + 2 }))
  const listings = stock.map((row) => listingRow(row.sku, `item-${row.line}`, { line: row.line }))
  const plan = planImport(rows(stock, listings), world().state)
  expect(plan.preview).toMatchObject({ skusCreated: 10_000, listingsCreated: 10_000, problems: [] })
  expect(plan.preview.sample).toHaveLength(20)
  expect(plan.stock.find((each) => each.sku === 'S77')?.listings[0]?.id).toBe('shop/item-79' as ListingId)
})
