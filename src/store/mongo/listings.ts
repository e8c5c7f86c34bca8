// A channel's offers, found by any key that an order line or event may use. A key names one listing of a channel (unique index).
import type { Store } from '../../ports/store.ts'
import { decodeCursor, pageLimit, pageOf } from '../page.ts'
import { toListing } from './codec.ts'
import { type Connection, reached } from './connection.ts'

export const mongoListings = ({ collections }: Connection): Pick<Store, 'findListings' | 'listListings'> => ({
  findListings: (channel, keys) =>
    reached(async () => {
      if (keys.length === 0) return []
      const found = await collections.listings.find({ channel, keys: { $in: [...keys] } }).toArray()
      const byKey = new Map(found.flatMap((document) => document.keys.map((key) => [key, document] as const)))
      return keys.map((key) => {
        const document = byKey.get(key)
        return document ? toListing(document) : null
      })
    }),
  listListings: ({ channel, after, limit }) =>
    reached(async () => {
      const rows = pageLimit(limit)
      const afterId = after === null ? '' : String(decodeCursor(after, [''])[0])
      const found = await collections.listings
        .find({ channel, _id: { $gt: afterId } })
        .sort({ _id: 1 })
        .limit(rows + 1)
        .toArray()
      return pageOf(found.map(toListing), rows, (listing) => [listing.id])
    }),
})
