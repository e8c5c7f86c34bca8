// A merchant's made-up catalogue: household goods with SKUs, titles, prices, stock from 1 to 100 units (many last units on purpose), the
// channels that list them, packs of 2 and 6, and whether a SKU is protected (`strict`) or shown completely everywhere (`pooled`).
// The same seed gives the same catalogue. SKUs are unique; barcodes are EAN-13 of the range 20, which belongs to no manufacturer.
import type { CatalogueItem, Simulator } from '../simulator.ts'
import { colours, families } from './products.ts'
import { seededRandom } from './seeded-random.ts'

export type Platform = Simulator['platform']

interface CatalogueListing {
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
  const random = seededRandom(seed)
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
