import { describe, expect, test } from 'vitest'
import { decodeCsv, readImportCsv } from './import-csv.ts'

const stock = (text: string) => readImportCsv({ stock: text, listings: null })
const listings = (text: string) => readImportCsv({ stock: null, listings: text })
const messages = (read: Awaited<ReturnType<typeof stock>>) => read.problems.map((p) => `${p.file}:${p.line} ${p.message}`)

describe('a stock file', () => {
  test('with a byte order mark, CRLF, quotes and empty lines', async () => {
    const read = await stock(
      '\uFEFFSKU,location,on_hand,title,buffer,barcode\r\nRED,berlin,4,"Mug, ""red""",,00123\r\n\r\nBLUE,berlin,0,,2,\r\n',
    )
    expect(read.problems).toEqual([])
    expect(read.request.stock).toEqual([
      { line: 2, sku: 'RED', pool: 'main', location: 'berlin', onHandUnits: 4, title: 'Mug, "red"', barcode: '00123' },
      { line: 4, sku: 'BLUE', pool: 'main', location: 'berlin', onHandUnits: 0, bufferUnits: 2 },
    ])
  })

  test('with semicolons', async () => {
    const read = await stock('sku;location;on_hand;sharing\nRED;berlin;4;pooled\n')
    expect(read.request.stock).toMatchObject([{ sku: 'RED', onHandUnits: 4, sharing: 'pooled' }])
  })

  test('keeps what the planner shall judge: fractions, negatives, white space', async () => {
    const read = await stock('sku,location,on_hand\n RED,berlin,1.5\nBLUE,berlin,-3\n')
    expect(read.problems).toEqual([])
    expect(read.request.stock.map((row) => [row.sku, row.onHandUnits])).toEqual([
      [' RED', 1.5],
      ['BLUE', -3],
    ])
  })

  test.each([
    ['an unknown column', 'sku,location,onhand\nRED,berlin,4', ['stock:1 column "onhand" is not known', 'stock:1 missing column: on_hand']],
    ['a column twice', 'sku,sku,location,on_hand\nRED,RED,berlin,4', ['stock:1 column "sku" is there twice']],
    ['no content', '', ['stock:1 the file is empty']],
    ['a thousands separator', 'sku,location,on_hand\nRED,berlin,"1,000"', ['stock:2 on_hand is "1,000", not a number']],
    ['no number', 'sku,location,on_hand\nRED,berlin,', ['stock:2 on_hand is empty']],
    ['no SKU', 'sku,location,on_hand\n,berlin,3', ['stock:2 sku is empty']],
    ['too many fields', 'sku,location,on_hand\nRED,berlin,3,4', ['stock:2 has 4 fields, the first line 3']],
    ['another word', 'sku,location,on_hand,sharing\nRED,berlin,3,shared', ['stock:2 sharing is "shared"']],
  ])('with %s', async (_name, text, expected) => {
    const read = await stock(text)
    expect(messages(read)).toEqual(expected)
    expect(read.problems.every((problem) => problem.fix.length > 0)).toBe(true)
    expect(read.request.stock).toEqual([])
  })

  test('with a quote that is not closed', async () => {
    const read = await stock('sku,location,on_hand\nRED,"berlin,3\n')
    expect(read.problems).toHaveLength(1)
    expect(read.problems[0]?.message).toContain('this is not CSV')
  })

  test('with the name of a column nearly right, says which', async () => {
    const read = await stock('sku,locaton,on_hand\nRED,berlin,4')
    expect(read.problems[0]?.fix).toBe('Did you mean "location"?')
  })

  test('larger than one piece keeps its line numbers', async () => {
    const text = `sku,location,on_hand\n${Array.from({ length: 20_000 }, (_, i) => `SKU-${i},berlin,${i}`).join('\n')}\n`
    const read = await stock(text)
    expect(read.request.stock).toHaveLength(20_000)
    expect(read.request.stock[19_999]).toMatchObject({ line: 20_001, sku: 'SKU-19999', onHandUnits: 19_999 })
  })
})

test('a reserve in units or in percent', async () => {
  const read = await stock('sku,location,on_hand,reserve\nA,berlin,4,3\nB,berlin,4,10%\nC,berlin,4,\nD,berlin,4,some\n')
  expect(read.request.stock).toMatchObject([{ reserve: { units: 3 } }, { reserve: { percent: 10 } }, { sku: 'C' }])
  expect(read.request.stock[2]).not.toHaveProperty('reserve')
  expect(messages(read)).toEqual(['stock:5 reserve is "some", not a number'])
})

describe('a listings file', () => {
  test('with nothing said of the rule', async () => {
    const read = await listings('sku,channel,external_id\nRED,shop,12@9\n')
    expect(read.request.listings).toEqual([
      {
        line: 2,
        sku: 'RED',
        pool: 'main',
        channel: 'shop',
        externalId: '12@9',
        unitsPerListing: 1,
        rule: {},
      },
    ])
  })

  test('with every column', async () => {
    const read = await listings(
      'sku,channel,external_id,pool,units_per_listing,allocation,value,cap,hide_below,priority,hysteresis,buffer,sharing\nRED,shop,12@9,outlet,6,percent,50,20,3,1,4,2,pooled\nRED,shop,13@9,outlet,6,,,none,,,,,\n',
    )
    expect(read.request.listings).toMatchObject([
      {
        pool: 'outlet',
        unitsPerListing: 6,
        rule: {
          mode: 'percent',
          value: 50,
          capUnits: 20,
          hideBelowUnits: 3,
          priority: 1,
          hysteresisUnits: 4,
          bufferUnits: 2,
          sharing: 'pooled',
        },
      },
      { rule: { capUnits: null } },
    ])
  })
})

test('the reference names the content, or is the one given', async () => {
  const text = 'sku,location,on_hand\nRED,berlin,4\n'
  const first = (await stock(text)).request.reference
  expect((await stock(text)).request.reference).toBe(first)
  expect((await stock(text.replace('4', '5'))).request.reference).not.toBe(first)
  expect((await readImportCsv({ stock: text, listings: null, reference: 'count-7' })).request.reference).toBe('count-7')
})

test('bytes that are not UTF-8 are refused with the way to mend it', () => {
  expect(() => decodeCsv(new Uint8Array([0x73, 0xe9, 0x2c]), 'stock.csv')).toThrow('stock.csv is not UTF-8')
  expect(decodeCsv(new TextEncoder().encode('é'), 'x')).toBe('é')
})
