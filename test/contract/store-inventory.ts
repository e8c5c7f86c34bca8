// The unified view: what it makes of stock, listings and the nine kinds of rows that platforms send; that it misses no change; its pages.
import { describe, expect, test } from 'vitest'
import type { LocationId, PoolId, Sku } from '../../src/domain/ids.ts'
import type { Stock } from '../../src/domain/stock.ts'
import type { InventoryQuery, InventoryRow } from '../../src/ports/inventory-view.ts'
import type { Store } from '../../src/ports/store.ts'
import {
  fbaReport,
  fbaSummary,
  listingsItem,
  listingStateOf,
  merchantListing,
  seller,
  shopify,
  shopifyLevel,
  vendor,
  vendorInventory,
  vendorSales,
  vendorTransaction,
  viewListing,
  viewSettings,
  viewStock,
} from '../support/inventory-samples.ts'
import { startMs } from '../support/store-samples.ts'
import type { MakeStore, Shared } from './store.ts'

const refreshed = async (store: Store, limit = 1000): Promise<number> => {
  let skus = 0
  for (let more = true; more; ) {
    const result = await store.refreshInventory({ settings: viewSettings, limit })
    skus += result.skus
    more = result.more
  }
  return skus
}

const read = async (store: Store, sku: string): Promise<InventoryRow> => {
  const row = await store.readInventory(sku as Sku)
  if (!row) throw new Error(`${sku} is not in the view`)
  return row
}

const write = (store: Store, ...stock: readonly Stock[]) => store.commit({ stock: stock.map((next) => ({ next, work: [] })) })

const all = async (store: Store, query: Omit<InventoryQuery, 'after' | 'limit'>, limit: number): Promise<readonly string[]> => {
  const skus: string[] = []
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<Store['listInventory']>> = await store.listInventory({ ...query, after, limit })
    expect(page.items.length).toBeLessThanOrEqual(limit)
    skus.push(...page.items.map(({ sku }) => sku))
    after = page.next
  } while (after !== null)
  return skus
}

const describeRows = (shared: Shared): void => {
  test('a row says everything that is known, in units of the SKU, from rows of all sources', async () => {
    const { store } = shared()
    const sku = 'GM-ZDPI-9B4E'
    const shop = listingStateOf(shopify, '5@900', { unitsPerListing: 2, writeClass: 'compare-and-set' })
    const market = listingStateOf(seller, sku, {
      pushes: [
        {
          id: 'p1',
          kind: 'set',
          quantity: 6,
          fromQuantity: 5,
          charge: 1,
          issuedAtMs: startMs,
          attempts: 1,
          lastSendMs: startMs,
          status: 'accepted',
          submissionId: 's',
        },
      ],
      rate: { milliUnitsPerDay: 1500, atMs: startMs },
    })
    const direct = listingStateOf(vendor, 'df/WH1/P-1', { writeClass: 'absolute-set', believedQuantity: 4, base: 4 })
    const stock = viewStock(sku, {
      title: 'Koffer, Größe M',
      barcode: '4006381333931',
      onHandUnits: { ['w.1' as LocationId]: 12, ['berlin' as LocationId]: 30 },
      reservedUnits: 3,
      bufferUnits: 2,
      listings: [shop, market, direct],
    })
    await store.commit({
      stock: [{ next: stock, work: [] }],
      listings: [
        viewListing(sku, shop, ['item:5@900']),
        viewListing(sku, market, []),
        viewListing(sku, direct, ['df/WH1/asin:B123456789'], { fulfilment: 'DF' }),
      ],
    })
    await store.putSnapshots([
      shopifyLevel('5', 9, startMs + 10),
      shopifyLevel('5', 7, startMs + 5, 'shopify-bulk-level'),
      listingsItem(sku, 100, startMs),
      merchantListing(sku, '6', 'DEFAULT', startMs + 900),
      fbaSummary(sku, 'A1PA6795UKMFR9', 40, startMs + 2),
      fbaSummary(sku, 'A13V1IB3VIYZZH', 41, startMs + 3),
      fbaSummary(sku, 'A1F83G8C2ARO7P', 8, startMs + 1),
      fbaReport(sku, '30', startMs - 5),
      vendorTransaction('P-1', 4),
      vendorInventory('B123456789', '2021-06-12', 5490),
      vendorInventory('B123456789', '2021-06-19', 4490),
      vendorSales('B123456789', '2021-06-19', 0),
      vendorSales('B123456789', '2021-06-12', 25),
    ])
    await refreshed(store)
    expect(await read(store, sku)).toEqual({
      sku,
      title: 'Koffer, Größe M',
      barcode: '4006381333931',
      status: 'protected',
      reasons: [],
      unitsAtRisk: 0,
      // 9 where 5 should be, in packs of two; the seller's listing is being written, the vendor's is as it should be.
      driftUnits: 8,
      changedAtMs: startMs,
      onHandUnits: 42,
      reservedUnits: 3,
      bufferUnits: 2,
      availableUnits: 37,
      rate: { milliUnitsPerDay: 1500, atMs: startMs },
      // The newer of the Union's two, which are the same stock, and the United Kingdom's.
      fbaUnits: 49,
      vendorUnits: 4490,
      pools: [
        {
          pool: 'main',
          version: 1,
          onHandUnits: 42,
          onHandByLocation: [
            { location: 'berlin', units: 30 },
            { location: 'w.1', units: 12 },
          ],
          reservedUnits: 3,
          bufferUnits: 2,
          availableUnits: 37,
          sharing: 'strict',
          status: 'protected',
          atRiskUnits: 0,
          reasons: [],
          changedAtMs: startMs,
        },
      ],
      listings: [
        {
          listing: market.id,
          channel: seller,
          pool: 'main',
          externalId: sku,
          unitsPerListing: 1,
          fulfilment: 'MFN',
          status: 'active',
          desiredQuantity: expect.any(Number),
          sentQuantity: 6,
          acceptedQuantity: 6,
          exposureQuantity: 6,
          observedQuantity: 6,
          observedUnits: 6,
          observedSource: 'amazon-merchant-listings',
          observedFromMs: startMs + 900,
          observedThroughMs: startMs + 1400,
          driftQuantity: null,
        },
        {
          listing: shop.id,
          channel: shopify,
          pool: 'main',
          externalId: '5@900',
          unitsPerListing: 2,
          fulfilment: 'MFN',
          status: 'active',
          desiredQuantity: expect.any(Number),
          sentQuantity: 5,
          acceptedQuantity: 5,
          exposureQuantity: 5,
          observedQuantity: 9,
          observedUnits: 18,
          observedSource: 'shopify-level',
          observedFromMs: startMs + 10,
          observedThroughMs: startMs + 510,
          driftQuantity: 4,
        },
        {
          listing: direct.id,
          channel: vendor,
          pool: 'main',
          externalId: 'df/WH1/P-1',
          unitsPerListing: 1,
          fulfilment: 'DF',
          status: 'active',
          desiredQuantity: expect.any(Number),
          sentQuantity: 4,
          acceptedQuantity: 4,
          exposureQuantity: 4,
          observedQuantity: 4,
          observedUnits: 4,
          observedSource: 'vendor-transaction',
          observedFromMs: startMs,
          observedThroughMs: startMs + 500,
          driftQuantity: 0,
        },
      ],
      fba: [
        {
          channel: seller,
          sellerSku: sku,
          fulfillableUnits: 49,
          reservedUnits: 8,
          inboundUnits: 12,
          unfulfillableUnits: 10,
          readThroughMs: startMs + 503,
        },
      ],
      vendor: [
        {
          channel: vendor,
          asin: 'B123456789',
          sellableUnits: 4490,
          unsellableUnits: 881,
          openOrderUnits: 123,
          inventoryOn: '2021-06-19',
          orderedUnits: 0,
          shippedUnits: 5,
          salesFrom: '2021-06-06',
          salesThrough: '2021-06-19',
        },
      ],
    })
  })

  test('FBA stock is counted once: the sum that every marketplace of the Union repeats, and a report as new as none of them', async () => {
    const { store } = shared()
    const sku = 'FBA-ONCE'
    await write(store, viewStock(sku))
    const union = [
      'A1PA6795UKMFR9',
      'A13V1IB3VIYZZH',
      'APJ6JRA9NG5V4',
      'A1RKKUPIHCS9HS',
      'A1805IZSGTT6HS',
      'A2NODRKZP88ZB9',
      'A1C3SOZRARQ6R3',
      'AMEN7PMS3EDWL',
    ]
    await store.putSnapshots(union.map((marketplace) => fbaSummary(sku, marketplace, 70)))
    await refreshed(store)
    expect(await read(store, sku)).toMatchObject({ fbaUnits: 70, onHandUnits: 20, availableUnits: 20, fba: [{ inboundUnits: 6 }] })
    await store.putSnapshots([fbaReport(sku, '65', startMs + 60_000)])
    await refreshed(store)
    expect(await read(store, sku)).toMatchObject({ fbaUnits: 65, fba: [{ reservedUnits: 7, inboundUnits: 3, unfulfillableUnits: 0 }] })
    await store.putSnapshots([fbaSummary(sku, 'A1PA6795UKMFR9', 60, startMs + 120_000)])
    await refreshed(store)
    expect(await read(store, sku)).toMatchObject({ fbaUnits: 60 })
  })

  test("FBA stock under another SKU's listing is that SKU's, in its packs, as soon as the listing is mapped", async () => {
    const { store } = shared()
    await write(store, viewStock('FBA-NAME'), viewStock('FBA-OWNER'))
    await store.putSnapshots([fbaSummary('FBA-NAME', 'A1PA6795UKMFR9', 10)])
    await refreshed(store)
    expect(await read(store, 'FBA-NAME')).toMatchObject({ fbaUnits: 10 })
    const state = listingStateOf(seller, 'FBA-NAME', { unitsPerListing: 3 })
    await store.commit({ listings: [viewListing('FBA-OWNER', state, [])] })
    await refreshed(store)
    expect(await read(store, 'FBA-NAME')).toMatchObject({ fbaUnits: 0, fba: [] })
    expect(await read(store, 'FBA-OWNER')).toMatchObject({ fbaUnits: 30 })
  })

  test('a reading that tells no number, or of an offer that Amazon fulfils, shows none; a failed transaction tells nothing', async () => {
    const { store } = shared()
    const skus = ['NONE-ITEM', 'NONE-FBA', 'NONE-TEXT', 'NONE-DF']
    const states = skus.map((sku) => (sku === 'NONE-DF' ? listingStateOf(vendor, `df/WH1/${sku}`) : listingStateOf(seller, sku)))
    await store.commit({
      stock: skus.map((sku, i) => ({ next: viewStock(sku, { listings: states.slice(i, i + 1) }), work: [] })),
      listings: skus.flatMap((sku, i) => states.slice(i, i + 1).map((state) => viewListing(sku, state, []))),
    })
    await store.putSnapshots([
      listingsItem('NONE-ITEM', null),
      merchantListing('NONE-FBA', '12', 'AMAZON_EU'),
      merchantListing('NONE-TEXT', ''),
      vendorTransaction('NONE-DF', 9, 'Failure'),
    ])
    await refreshed(store)
    for (const sku of skus)
      expect((await read(store, sku)).listings, sku).toMatchObject([{ observedQuantity: null, observedUnits: null, driftQuantity: null }])
  })

  test('a reading from before a sale says nothing of drift', async () => {
    const { store } = shared()
    const state = listingStateOf(seller, 'QUIET', { believedQuantity: 4, sales: [{ atMs: startMs + 1, quantity: 1 }] })
    await store.commit({
      stock: [{ next: viewStock('QUIET', { listings: [state] }), work: [] }],
      listings: [viewListing('QUIET', state, [])],
    })
    await store.putSnapshots([listingsItem('QUIET', 5, startMs)])
    await refreshed(store)
    expect(await read(store, 'QUIET')).toMatchObject({ driftUnits: 0, listings: [{ observedQuantity: 5, driftQuantity: null }] })
    await store.putSnapshots([listingsItem('QUIET', 1, startMs + 1)])
    await refreshed(store)
    expect(await read(store, 'QUIET')).toMatchObject({ driftUnits: 3, listings: [{ observedQuantity: 1, driftQuantity: -3 }] })
  })

  test('pools of a SKU are one row: the worst status, the sums, what either is unprotected for', async () => {
    const { store } = shared()
    const outlet = 'outlet' as PoolId
    const over = listingStateOf(seller, 'TWO-1', { base: 50 })
    const never = listingStateOf(shopify, 'TWO-2', { status: 'adopting', fencedThroughMs: 0 })
    await write(
      store,
      viewStock('TWO', { listings: [over], title: '' }),
      viewStock('TWO', { pool: outlet, listings: [never], title: 'Two', changedAtMs: startMs + 5, reservedUnits: 4 }),
    )
    await refreshed(store)
    expect(await read(store, 'TWO')).toMatchObject({
      title: 'Two',
      barcode: null,
      status: 'at-risk',
      unitsAtRisk: 30,
      reasons: ['adopting'],
      onHandUnits: 40,
      availableUnits: 36,
      changedAtMs: startMs + 5,
      rate: null,
      pools: [
        { pool: 'main', status: 'at-risk', atRiskUnits: 30, reasons: [] },
        { pool: 'outlet', status: 'unprotected', atRiskUnits: 0, reasons: ['adopting'] },
      ],
      listings: [{ pool: 'main' }, { pool: 'outlet' }],
    })
  })
}

const describeChanges = (make: MakeStore): void => {
  test('a refresh looks at what changed, and at nothing else', async () => {
    const { store, destroy } = await make()
    const state = listingStateOf(seller, 'only')
    await store.commit({
      stock: ['a', 'b', 'c'].map((sku) => ({ next: viewStock(sku, sku === 'a' ? { listings: [state] } : {}), work: [] })),
      listings: [viewListing('a', state, [])],
    })
    expect(await refreshed(store)).toBe(3)
    expect(await refreshed(store)).toBe(0)
    await write(store, viewStock('b', { version: 2, reservedUnits: 1 }))
    await store.putSnapshots([listingsItem('only', 3), listingsItem('nobody', 1)])
    expect(await refreshed(store)).toBe(2)
    expect(await read(store, 'b')).toMatchObject({ reservedUnits: 1 })
    expect(await read(store, 'a')).toMatchObject({ listings: [{ observedQuantity: 3 }] })
    expect(await store.removeSnapshotsReadBefore({ channel: seller, source: 'amazon-listings-item', readBeforeMs: startMs + 9999 })).toBe(2)
    expect(await refreshed(store)).toBe(1)
    expect(await read(store, 'a')).toMatchObject({ listings: [{ observedQuantity: null }] })
    expect(await store.readInventory('nobody' as Sku)).toBeNull()
    await destroy()
  })

  test('settings that changed are seen after everything was noted', async () => {
    const { store, destroy } = await make()
    const state = listingStateOf(seller, 'mode')
    await write(
      store,
      viewStock('mode', { listings: [state] }),
      viewStock('mode2', { listings: [{ ...state, id: `${seller}/2` as typeof state.id }] }),
    )
    await refreshed(store)
    expect(await read(store, 'mode')).toMatchObject({ status: 'protected' })
    let after: string | null = null
    do after = await store.noteAllInventory(after, 1)
    while (after !== null)
    const settings = viewSettings.map((each) => ({ ...each, mode: 'observe' as const }))
    expect(await store.refreshInventory({ settings, limit: 100 })).toEqual({ skus: 2, more: false })
    for (const sku of ['mode', 'mode2']) expect(await read(store, sku)).toMatchObject({ status: 'unprotected', reasons: ['observe'] })
    await destroy()
  })

  test('the oldest notes are counted and removed, up to a limit, and what was noted after is still seen', async () => {
    const { store, destroy } = await make()
    expect([await store.countInventoryNotes(9), await store.removeInventoryNotes(9)]).toEqual([0, 0])
    for (const sku of ['n1', 'n2', 'n3', 'n4']) await write(store, viewStock(sku))
    expect([await store.countInventoryNotes(3), await store.countInventoryNotes(9)]).toEqual([3, 4])
    expect(await store.removeInventoryNotes(3)).toBe(3)
    expect(await store.countInventoryNotes(9)).toBe(1)
    expect(await refreshed(store)).toBe(1)
    expect(await read(store, 'n4')).toMatchObject({ sku: 'n4' })
    expect(await store.readInventory('n3' as Sku)).toBeNull()
    expect(await store.removeInventoryNotes(9)).toBe(0)
    await destroy()
  })

  test('many writers whose commits become visible at any time lose no change', async () => {
    const { store, reopen, destroy } = await make()
    const writers = [store, await reopen(), await reopen()]
    const skus = Array.from({ length: 12 }, (_, i) => `w${i}`)
    await write(store, ...skus.map((sku) => viewStock(sku)))
    const versions = new Map(skus.map((sku) => [sku, 1]))
    let writing = writers.length
    const work = async (writer: Store, offset: number): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        const sku = skus[(i * 5 + offset) % skus.length] ?? ''
        const version = (versions.get(sku) ?? 0) + 1
        const result = await writer.commit({ stock: [{ next: viewStock(sku, { version, reservedUnits: version }), work: [] }] })
        if (result.ok) versions.set(sku, version)
      }
      writing--
    }
    const refresh = async (): Promise<void> => {
      while (writing > 0) await store.refreshInventory({ settings: viewSettings, limit: 3 })
      await refreshed(store, 3)
    }
    await Promise.all([...writers.map(work), refresh()])
    for (const stock of (await store.listStock({ limit: 500 })).items)
      expect(await read(store, stock.sku)).toMatchObject({ pools: [{ version: stock.version }], reservedUnits: stock.reservedUnits })
    await destroy()
  })
}

const describePages = (make: MakeStore): void => {
  test('pages: every order and filter, in pages of any size, complete and without repeats', async () => {
    const { store, destroy } = await make()
    const count = 60
    const rows = Array.from({ length: count }, (_, i) => {
      const sku = `P${String((i * 37) % count).padStart(2, '0')}`
      const channel = i % 3 === 0 ? shopify : seller
      const risk = i % 4 === 0 ? (i % 8) + 1 : 0
      const drift = i % 5 === 0 ? (i % 10) + 1 : 0
      const status = risk > 0 ? 'at-risk' : 'protected'
      return {
        sku,
        channel,
        risk,
        drift,
        status,
        pool: i % 2 ? 'main' : 'outlet',
        changedAtMs: startMs + Math.floor(i / 3) * 100_000,
      } as const
    })
    await store.commit({
      stock: rows.map(({ sku, channel, risk, pool, changedAtMs }) => ({
        next: viewStock(sku, {
          pool: pool as PoolId,
          changedAtMs,
          listings: [listingStateOf(channel, sku, { base: risk > 0 ? 20 + risk : 5 })],
        }),
        work: [],
      })),
      listings: rows.map(({ sku, channel, pool }) =>
        viewListing(sku, listingStateOf(channel, sku), [`item:${sku}@900`], { pool: pool as PoolId }),
      ),
    })
    await store.putSnapshots(
      rows.map(({ sku, channel, drift }) => (channel === shopify ? shopifyLevel(sku, 5 + drift) : listingsItem(sku, 5 + drift))),
    )
    await refreshed(store, 25)
    type Row = (typeof rows)[number]
    const orders: Record<InventoryQuery['sort'], (row: Row) => number> = {
      sku: () => 0,
      risk: ({ risk }) => -risk,
      drift: ({ drift }) => -drift,
      changed: ({ changedAtMs }) => -changedAtMs,
    }
    const filters: readonly (Pick<InventoryQuery, 'status' | 'channel' | 'pool'> & { readonly fits: (row: Row) => boolean })[] = [
      { fits: () => true },
      { status: 'at-risk', fits: ({ status }) => status === 'at-risk' },
      { channel: shopify, fits: ({ channel }) => channel === shopify },
      { pool: 'outlet' as PoolId, fits: ({ pool }) => pool === 'outlet' },
      { status: 'protected', channel: seller, fits: ({ status, channel }) => status === 'protected' && channel === seller },
      { status: 'not-offered', fits: () => false },
    ]
    for (const { fits, ...filter } of filters)
      for (const sort of ['sku', 'risk', 'drift', 'changed'] as const) {
        const wanted = rows
          .filter(fits)
          .sort((a, b) => orders[sort](a) - orders[sort](b) || (a.sku < b.sku ? -1 : 1))
          .map(({ sku }) => sku)
        for (const limit of [1, 7, 500])
          expect(await all(store, { ...filter, sort }, limit), `${JSON.stringify(filter)} ${sort}`).toEqual(wanted)
      }
    expect(await all(store, { sort: 'sku', search: { by: 'sku', text: 'P1' }, channel: shopify }, 4)).toEqual(
      rows
        .filter(({ sku, channel }) => sku.startsWith('P1') && channel === shopify)
        .map(({ sku }) => sku)
        .sort(),
    )
    await destroy()
  })

  test('search: SKU and barcode by their beginning, titles by their words without case and accents', async () => {
    const { store, destroy } = await make()
    const goods: readonly (readonly [string, string, string | undefined])[] = [
      ['A.1', 'Tasse, Größe M (rot)', '4006381333931'],
      ['A.2', 'TASSE "Café" blau', '4006381333948'],
      ['A%', 'Müslischale rot', '0000123'],
      ['B', 'Grosse Schale', undefined],
    ]
    await write(store, ...goods.map(([sku, title, barcode]) => viewStock(sku, { title, ...(barcode === undefined ? {} : { barcode }) })))
    await refreshed(store)
    const found = (by: 'sku' | 'barcode' | 'title', text: string) => all(store, { sort: 'sku', search: { by, text } }, 1)
    expect(await found('sku', 'A.')).toEqual(['A.1', 'A.2'])
    expect(await found('sku', 'A%')).toEqual(['A%'])
    expect(await found('sku', 'a.1')).toEqual([])
    expect(await found('barcode', '4006381333931')).toEqual(['A.1'])
    expect(await found('barcode', '40063')).toEqual(['A.1', 'A.2'])
    expect(await found('barcode', '0000')).toEqual(['A%'])
    expect(await found('title', 'tasse')).toEqual(['A.1', 'A.2'])
    expect(await found('title', 'große')).toEqual(['A.1', 'B'])
    expect(await found('title', 'CAFE Tasse')).toEqual(['A.2'])
    expect(await found('title', 'rot tasse')).toEqual(['A.1'])
    expect(await found('title', 'rot blau')).toEqual([])
    // A title that changed is found by its new words only.
    await write(store, viewStock('B', { version: 2, title: 'Kanne' }))
    await refreshed(store)
    expect(await found('title', 'schale')).toEqual([])
    expect(await found('title', 'kanne')).toEqual(['B'])
    await destroy()
  })
}

export const describeInventory = (shared: Shared, make: MakeStore): void => {
  describe('the unified view', () => {
    describeRows(shared)
    describeChanges(make)
    describePages(make)

    test('what no index serves is refused with what to write instead', async () => {
      const { store } = shared()
      const refused = (query: Partial<InventoryQuery>) =>
        expect(store.listInventory({ sort: 'sku', after: null, limit: 5, ...query })).rejects.toMatchObject({
          code: 'request-invalid',
          fix: expect.any(String),
        })
      await refused({ pool: 'main' as PoolId, status: 'at-risk' })
      await refused({ pool: 'main' as PoolId, channel: seller })
      await refused({ search: { by: 'title', text: 'a' }, sort: 'risk' })
      await refused({ search: { by: 'barcode', text: '4' }, channel: seller })
      await refused({ search: { by: 'title', text: '... !' } })
      await expect(store.listInventory({ sort: 'risk', after: 'nonsense', limit: 5 })).rejects.toMatchObject({ code: 'body-malformed' })
    })
  })
}
