// A channel's offers, found by any key that an order line or event may use. A key names one listing of a channel.
import type { Listing } from '../../domain/orders.ts'
import type { Store } from '../../ports/store.ts'
import { decodeCursor, pageLimit, pageOf } from '../page.ts'
import { toListing } from './codec.ts'
import type { Connection } from './connection.ts'

export const sqliteListings = (connection: Connection): Pick<Store, 'findListings' | 'listListings'> => ({
  findListings: async (channel, keys) =>
    connection.read(() => {
      const find = connection.statement(
        'SELECT l.body FROM listing_keys k JOIN listings l ON l.id = k.listing WHERE k.channel = ? AND k.key = ?',
      )
      return keys.map((key): Listing | null => {
        const row = find.get(channel, key)
        return row === undefined ? null : toListing(row)
      })
    }),
  listListings: async ({ channel, after, limit }) => {
    const rows = pageLimit(limit)
    const [afterId] = after === null ? [''] : decodeCursor(after, [''])
    const found = connection.all(
      'SELECT body FROM listings WHERE channel = ? AND id > ? ORDER BY id LIMIT ?',
      channel,
      afterId ?? '',
      rows + 1,
    )
    return pageOf(found.map(toListing), rows, (listing) => [listing.id])
  },
})
