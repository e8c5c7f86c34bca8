// An incident as a person reads it: what its evidence says in sentences, and what to do. The evidence is what was stored, also by an older
// program, so nothing is taken for granted of it: what is not there is not said.
import type { Incident, IncidentKind } from './incidents.ts'
import type { TimeText } from './local-time.ts'
import { unitsText } from './plain-words.ts'

const whatToDo: Readonly<Record<IncidentKind, string>> = {
  'accepted-less':
    'Nothing, if that is right. To keep goods for such orders from now on, run: belay rules SKU --reserve UNITS; channels give them up as evidence comes in.',
  'acknowledgement-failed':
    'Mend what the platform complains about; the answer is given again by itself until its deadline. After that, answer the order on the platform.',
  'at-risk': 'Nothing, if it ends by itself as expected. If goods were miscounted, count again: the numbers rise again at once.',
  'books-differ':
    'This is a mistake in Belay: report it with what `belay audit --json` prints. Count the goods of the SKU; a count sets its level right.',
  'clock-skew':
    'Compare the clock of this machine with a time server. When it is right and the platform is wrong, the wider bound is what helps, and it is in force already.',
  'constant-widened':
    'Find out why: an outage of the platform, or its habit. When the cause is mended, run: belay channels --forget CHANNEL, and the configured value counts again.',
  'drift-asked':
    'Look at them: belay reconcile --show RUN. Answer each one (belay reconcile --answer FINDING --correct, or --dismiss), or mend the mapping.',
  'event-parked': 'Mend what the reason names, usually by importing the listing, then run: belay inbox --retry',
  'external-raise':
    'Find out who writes quantities there besides the hub (another app, a person, a restock rule), and end it. The listing is being lowered already.',
  'late-order': 'Nothing: the order is counted, and the bound was widened. If it happens often, the platform shows its orders late.',
  'listing-blocked':
    'Mend the listing on the channel as the reason says; the number is sent again within the hour, or with the next change.',
  'listing-closed': 'Nothing, if it is so. If it sells again, run: belay listing SKU LISTING --connect, and it is read and adopted anew.',
  'listing-unprotected':
    'On the channel: end overselling and back-orders, track its quantity, or fulfil it yourself. It is read again within the hour and then taken in anew. Or take the listing out of the hub.',
  oversold: 'Find goods for the orders, or cancel the latest ones before the buyer waits. Receiving goods or cancelling ends it.',
  'report-undelivered':
    'Mend what the message names (address, password, network), then run: belay report --day DAY --send. The report itself is stored.',
  'reconciliation-stopped':
    'Look at what was found: belay reconcile --show RUN. If the platform or the mapping is wrong, mend it and run: belay reconcile --dismiss RUN. If the differences are real: belay reconcile --resume RUN',
  'sold-beyond-bound':
    'Check that the channel lowers its number with each sale, and that nobody else writes it. A channel that cannot be read stays outside the guarantee until you run: belay channels --forget CHANNEL',
  'store-restored':
    'Enter again what the warehouse moved and reserved by hand since the backup. Orders come in again by themselves; each SKU shows Unprotected until its listings are proven, then count what looks wrong.',
  'watermark-stalled':
    'Look at the reason: mend the access to the platform (belay check), or give the waiting order a location there. Until then numbers stay lower than they could be; nothing is oversold by it.',
}

export const adviceFor = ({ kind, channel, sku, listing }: Incident): string =>
  whatToDo[kind]
    .replace('CHANNEL', channel ?? 'CHANNEL')
    .replace('rules SKU', `rules ${sku ?? 'SKU'}`)
    .replace('listing SKU LISTING', `listing ${sku ?? 'SKU'} ${listing ?? 'LISTING'}`)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null
const listOf = (value: unknown): readonly Readonly<Record<string, unknown>>[] => (Array.isArray(value) ? value.filter(isRecord) : [])
const isMs = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value > 0

/** What the evidence adds to the summary. */
export const incidentDetails = ({ kind, evidence, resolvedAtMs }: Incident, time: TimeText): readonly string[] => {
  const details: string[] = []
  const { holders, heldByListings, expectedByMs, affectedOrders, windowFromMs, windowThroughMs, sinceMs } = evidence
  const held = listOf(holders).flatMap(({ channel, units }) => (typeof units === 'number' ? [`${String(channel)} ${units}`] : []))
  if (held.length > 0) details.push(`What channels may still sell: ${held.join(', ')}.`)
  const listings = listOf(heldByListings).flatMap(({ listing, units }) =>
    typeof units === 'number' ? [`${String(listing)} ${units}`] : [],
  )
  if (listings.length > 0) details.push(`Listings may still sell: ${listings.join(', ')}.`)
  if (kind === 'at-risk' && resolvedAtMs === undefined)
    details.push(
      isMs(expectedByMs)
        ? `Expected to be over by ${time(expectedByMs)}.`
        : 'When it is over cannot be said: not all of it can be lowered by us.',
    )
  for (const { channel, orderId, units, createdAtMs } of listOf(affectedOrders)) {
    const created = isMs(createdAtMs) ? `, created ${time(createdAtMs)}` : ''
    if (typeof units === 'number')
      details.push(`Cannot be filled: order ${String(orderId)} of ${String(channel)}, ${unitsText(units)}${created}.`)
  }
  if (isMs(windowThroughMs))
    details.push(`It was written ${isMs(windowFromMs) ? `between ${time(windowFromMs)} and` : 'before'} ${time(windowThroughMs)}.`)
  if (kind === 'watermark-stalled' && isMs(sinceMs)) details.push(`It stands since ${time(sinceMs)}.`)
  if (resolvedAtMs !== undefined) details.push(`Over since ${time(resolvedAtMs)}.`)
  return details
}
