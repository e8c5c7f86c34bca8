// A merchant's made-up catalogue: household goods with SKUs, titles, prices, stock from 1 to 100 units (many last units on purpose), the
// channels that list them, packs of 2 and 6, and whether a SKU is protected (`strict`) or shown completely everywhere (`pooled`).
// The same seed gives the same catalogue. SKUs are unique; barcodes are EAN-13 of the range 20, which belongs to no manufacturer.
import type { CatalogueItem, Simulator } from '../simulator.ts'
import { createSeededRandom } from './seeded-random.ts'

export type Platform = Simulator['platform']

export interface CatalogueListing {
  readonly platform: Platform
  /** The SKU as this channel has it: packs have one of their own. */
  readonly sku: string
  readonly unitsPerListing: number
}

export interface CatalogueEntry extends CatalogueItem {
  readonly barcode: string
  readonly mode: 'strict' | 'pooled'
  /** How much it is asked for, relative to the others. */
  readonly demandWeight: number
  readonly listings: readonly CatalogueListing[]
}

interface Family {
  readonly code: string
  readonly name: string
  readonly sizes: readonly (readonly [code: string, words: string])[]
  readonly priceMinor: readonly [number, number]
}

const families: readonly Family[] = [
  {
    code: 'MUG',
    name: 'Stoneware mug',
    sizes: [
      ['025', '250 ml'],
      ['035', '350 ml'],
      ['050', '500 ml'],
    ],
    priceMinor: [890, 1990],
  },
  {
    code: 'BWL',
    name: 'Serving bowl',
    sizes: [
      ['14', '14 cm'],
      ['20', '20 cm'],
      ['26', '26 cm'],
    ],
    priceMinor: [1290, 3490],
  },
  {
    code: 'PLT',
    name: 'Dinner plate',
    sizes: [
      ['21', '21 cm'],
      ['27', '27 cm'],
    ],
    priceMinor: [990, 2190],
  },
  {
    code: 'KNF',
    name: 'Kitchen knife',
    sizes: [
      ['09', '9 cm'],
      ['16', '16 cm'],
      ['20', '20 cm'],
    ],
    priceMinor: [1990, 8990],
  },
  {
    code: 'PAN',
    name: 'Cast iron pan',
    sizes: [
      ['20', '20 cm'],
      ['24', '24 cm'],
      ['28', '28 cm'],
    ],
    priceMinor: [2990, 8990],
  },
  {
    code: 'BRD',
    name: 'Cutting board',
    sizes: [
      ['S', 'small'],
      ['M', 'medium'],
      ['L', 'large'],
    ],
    priceMinor: [1490, 4990],
  },
  {
    code: 'TWL',
    name: 'Linen tea towel',
    sizes: [
      ['1', 'single'],
      ['3', 'set of 3'],
    ],
    priceMinor: [790, 2490],
  },
  {
    code: 'APR',
    name: 'Cotton apron',
    sizes: [
      ['M', 'medium'],
      ['L', 'large'],
    ],
    priceMinor: [1990, 3990],
  },
  {
    code: 'CND',
    name: 'Beeswax candle',
    sizes: [
      ['10', '10 cm'],
      ['20', '20 cm'],
      ['30', '30 cm'],
    ],
    priceMinor: [590, 1890],
  },
  {
    code: 'VAS',
    name: 'Glass vase',
    sizes: [
      ['15', '15 cm'],
      ['25', '25 cm'],
      ['35', '35 cm'],
    ],
    priceMinor: [1490, 5990],
  },
  {
    code: 'BTL',
    name: 'Steel bottle',
    sizes: [
      ['05', '0.5 l'],
      ['07', '0.75 l'],
      ['10', '1 l'],
    ],
    priceMinor: [1790, 3490],
  },
  {
    code: 'LBX',
    name: 'Lunch box',
    sizes: [
      ['08', '0.8 l'],
      ['12', '1.2 l'],
    ],
    priceMinor: [1690, 3290],
  },
  {
    code: 'JAR',
    name: 'Storage jar',
    sizes: [
      ['05', '0.5 l'],
      ['10', '1 l'],
      ['20', '2 l'],
    ],
    priceMinor: [690, 2290],
  },
  {
    code: 'CSH',
    name: 'Wool cushion',
    sizes: [
      ['40', '40 x 40 cm'],
      ['50', '50 x 50 cm'],
    ],
    priceMinor: [2490, 5490],
  },
  {
    code: 'BLK',
    name: 'Throw blanket',
    sizes: [
      ['130', '130 x 170 cm'],
      ['150', '150 x 200 cm'],
    ],
    priceMinor: [3990, 9990],
  },
  {
    code: 'LMP',
    name: 'Table lamp',
    sizes: [
      ['30', '30 cm'],
      ['45', '45 cm'],
    ],
    priceMinor: [3490, 11990],
  },
]

const colours: readonly (readonly [code: string, word: string])[] = [
  ['SND', 'sand'],
  ['OLV', 'olive'],
  ['NVY', 'navy'],
  ['TRC', 'terracotta'],
  ['WHT', 'white'],
  ['BLK', 'black'],
  ['SKY', 'sky'],
  ['RSE', 'rose'],
  ['MST', 'mustard'],
  ['GRY', 'grey'],
  ['PLM', 'plum'],
  ['MNT', 'mint'],
  ['RST', 'rust'],
  ['IVR', 'ivory'],
]

/** Which channels list a SKU, and for how many of a hundred SKUs. */
const assortments: readonly (readonly [share: number, platforms: readonly Platform[]])[] = [
  [40, ['shopify', 'amazon-seller', 'amazon-vendor']],
  [30, ['shopify', 'amazon-seller']],
  [12, ['shopify', 'amazon-vendor']],
  [10, ['shopify']],
  [8, ['amazon-seller']],
]

const ean13 = (number: number): string => {
  const digits = `20${String(number).padStart(10, '0')}`
  const sum = Array.from(digits).reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3), 0)
  return `${digits}${(10 - (sum % 10)) % 10}`
}

export const createCatalogue = (seed: number, count = 500, currency = 'EUR'): readonly CatalogueEntry[] => {
  const random = createSeededRandom(seed)
  const next = (): number => random.next()
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  const shuffled = <T>(values: readonly T[]): T[] => {
    const result = [...values]
    for (let index = result.length - 1; index > 0; index--) {
      const other = between(0, index)
      ;[result[index], result[other]] = [result[other]!, result[index]!]
    }
    return result
  }
  const kinds = families.flatMap((family) => family.sizes.flatMap((size) => colours.map((colour) => ({ family, size, colour }))))
  const ordered = shuffled(kinds)
  // A long tail: the demand of rank r is 1 / r^1.1, ranks dealt at random.
  const ranks = shuffled(Array.from({ length: count }, (_, index) => index + 1))

  const stockUnits = (): number => {
    const kind = next()
    if (kind < 0.2) return between(1, 3)
    return kind < 0.65 ? between(4, 25) : between(26, 100)
  }
  const platformsOf = (): readonly Platform[] => {
    let at = next() * 100
    return assortments.find(([share]) => (at -= share) < 0)?.[1] ?? ['shopify']
  }

  return Array.from({ length: count }, (_, index): CatalogueEntry => {
    const { family, size, colour } = ordered[index % ordered.length]!
    const series = Math.floor(index / ordered.length)
    const sku = `${family.code}-${size[0]}-${colour[0]}${series === 0 ? '' : `-${series + 1}`}`
    const title = `${family.name}, ${size[1]}, ${colour[1]}${series === 0 ? '' : `, series ${series + 1}`}`
    const quantity = stockUnits()
    const listings: CatalogueListing[] = []
    for (const platform of platformsOf()) {
      listings.push({ platform, sku, unitsPerListing: 1 })
      // Packs are sold beside the single piece and draw on the same stock.
      if (platform === 'amazon-seller' && quantity >= 12 && next() < 0.15) {
        const unitsPerListing = next() < 0.6 ? 2 : 6
        listings.push({ platform, sku: `${sku}-PK${unitsPerListing}`, unitsPerListing })
      }
    }
    return {
      sku,
      title,
      priceMinor: Math.round(between(...family.priceMinor) / 10) * 10 - 1,
      currency,
      quantity,
      barcode: ean13(1_000_000 + index),
      // Plenty of cheap stock is what a merchant would rather show everywhere.
      mode: quantity > 40 && next() < 0.6 ? 'pooled' : 'strict',
      demandWeight: 1 / (ranks[index] ?? count) ** 1.1,
      listings,
    }
  })
}

/**
 * What one platform's simulator starts with: its listings, each showing `share` of the stock (default all of it, as a merchant does who has
 * no hub yet). A pack shows as many packs as the share makes.
 */
export const listingsFor = (
  catalogue: readonly CatalogueEntry[],
  platform: Platform,
  share = 1,
): readonly (CatalogueItem & { readonly barcode: string })[] =>
  catalogue.flatMap((entry) =>
    entry.listings
      .filter((listing) => listing.platform === platform)
      .map(({ sku, unitsPerListing }) => ({
        sku,
        title: unitsPerListing === 1 ? entry.title : `${entry.title}, pack of ${unitsPerListing}`,
        // Packs are 8 % cheaper than their pieces.
        priceMinor: unitsPerListing === 1 ? entry.priceMinor : Math.round(entry.priceMinor * unitsPerListing * 0.92),
        currency: entry.currency,
        quantity: Math.floor((entry.quantity * share) / unitsPerListing),
        barcode: entry.barcode,
      })),
  )
