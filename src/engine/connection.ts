// A person's word on whether a listing is there (domain/connection.ts), in one commit with the incident that keeps it: from then on the
// promise rests on that word.
import { type Connection, connectableFromMs, setConnection } from '../domain/connection.ts'
import { BelayError } from '../domain/errors.ts'
import { exposureUnits } from '../domain/exposure.ts'
import type { Incident } from '../domain/incidents.ts'
import { unitsText } from '../domain/plain-words.ts'
import type { KnownSettings } from '../domain/protection.ts'
import { type ListingState, type Stock, withListing } from '../domain/stock.ts'
import type { ConnectionRequest } from '../ports/hub.ts'
import type { Change } from './change.ts'
import { namedListing, namedStock } from './named-listing.ts'

const refuse = (message: string, fix: string): never => {
  throw new BelayError('connection-invalid', message, { fix })
}

const check = (listing: ListingState, connection: Connection, settingsOf: KnownSettings, nowMs: number): void => {
  if (listing.writeClass === 'ask-first')
    refuse(`${listing.id} shows no quantity: it asks before it takes`, 'Nothing is to be done: it holds no goods.')
  const settings = settingsOf(listing.channel)
  if (connection.kind === 'connected') {
    if (!settings) return refuse(`${listing.channel} is not configured`, 'Add it to the configuration first.')
    const fromMs = connectableFromMs(listing, settings.constants)
    if (fromMs > nowMs)
      refuse(`a request from before ${listing.id} was closed may still take effect`, `Connect it after ${new Date(fromMs).toISOString()}.`)
  }
  if (connection.kind !== 'closed') return
  if (connection.closedAtMs > nowMs) refuse('the time that it was closed is in the future', 'Say when it was closed: a time up to now.')
  if (!connection.ordersAreIn && settings === null)
    refuse(
      `the orders of ${listing.channel} do not come in any more: it is not configured`,
      'Configure it until they are in; or, if you know that every order of the listing is in the hub, say so (--orders-in).',
    )
}

const closedIncident = (
  stock: Stock,
  listing: ListingState,
  { closedAtMs, ordersAreIn }: Extract<Connection, { kind: 'closed' }>,
  nowMs: number,
): Incident => {
  const units = exposureUnits(listing)
  return {
    id: `listing-closed/${listing.id}/${closedAtMs}/${ordersAreIn ? 'in' : 'due'}`,
    kind: 'listing-closed',
    channel: listing.channel,
    sku: stock.sku,
    listing: listing.id,
    units,
    atMs: nowMs,
    summary: `${listing.id} is closed by the word of a person: ${unitsText(units)} that it could still sell ${ordersAreIn ? 'are free' : 'become free when the orders until then are in'}.`,
    evidence: { closedAtMs, ordersAreIn, base: listing.base, openPushes: listing.pushes.length, status: listing.status },
  }
}

/** Throws sku-unknown, listing-unknown, connection-invalid. */
export const connectionChange = (request: ConnectionRequest, settingsOf: KnownSettings): Change<Stock> => ({
  stock: [{ sku: request.sku, pool: request.pool }],
  orders: [],
  ledgerKeys: [],
  decide: (view) => {
    const stock = namedStock(view, request)
    const listing = namedListing(stock, request.listing)
    const { connection } = request
    check(listing, connection, settingsOf, view.nowMs)
    const next = setConnection(listing, connection, view.nowMs)
    if (next === listing) return { value: stock }
    const changed = withListing(stock, next)
    const incidents = connection.kind === 'closed' ? [closedIncident(stock, listing, connection, view.nowMs)] : []
    return { stock: [changed], incidents, value: changed }
  },
})
