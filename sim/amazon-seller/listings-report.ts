// GET_MERCHANT_LISTINGS_ALL_DATA: one line of tab-separated text for each listing of the account, active or not. Column names and their order
// from Amazon's table of inventory report attributes; what the account does not know is empty.
import type { ReportKind } from '../sp-api/reports.ts'
import type { Offer, Shop } from './shop.ts'

const columns = [
  'item-name',
  'item-description',
  'listing-id',
  'seller-sku',
  'price',
  'quantity',
  'open-date',
  'image-url',
  'item-is-marketplace',
  'product-id-type',
  'zshop-shipping-fee',
  'item-note',
  'item-condition',
  'zshop-category1',
  'zshop-browse-path',
  'zshop-storefront-feature',
  'asin1',
  'asin2',
  'asin3',
  'will-ship-internationally',
  'expedited-shipping',
  'zshop-boldface',
  'product-id',
  'bid-for-featured-placement',
  'add-delete',
  'pending-quantity',
  'fulfillment-channel',
  'merchant-shipping-group',
  'status',
] as const

type Column = (typeof columns)[number]

const lineOf = (offer: Offer): string => {
  const isOurs = offer.fulfilment === 'MFN'
  const values: Partial<Record<Column, string>> = {
    // A tab or a line end in a title would be another column or line.
    'item-name': offer.title.replaceAll(/[\t\r\n]+/g, ' '),
    'listing-id': `${offer.asin}L`,
    'seller-sku': offer.sku,
    price: (offer.priceMinor / 100).toFixed(2),
    quantity: isOurs ? String(offer.liveQuantity) : '',
    'open-date': new Date(offer.createdAtMs).toISOString().slice(0, 19).replace('T', ' '),
    'item-is-marketplace': 'y',
    'product-id-type': '1',
    'item-condition': '11',
    asin1: offer.asin,
    'product-id': offer.asin,
    'pending-quantity': isOurs ? '0' : '',
    'fulfillment-channel': isOurs ? 'DEFAULT' : 'AMAZON_EU',
    status: offer.isInactive || (isOurs && offer.liveQuantity <= 0) ? 'Inactive' : 'Active',
  }
  return columns.map((name) => values[name] ?? '').join('\t')
}

export const listingsReport = (shop: Shop, charset: 'UTF-8' | 'ISO-8859-1'): ReportKind => ({
  refuse: () => null,
  make: () => ({
    text: [columns.join('\t'), ...[...shop.offers.values()].map(lineOf)].map((line) => `${line}\r\n`).join(''),
    contentType: `text/plain; charset=${charset}`,
  }),
})
