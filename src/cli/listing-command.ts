// `belay listing`: a person's word on whether a listing is there. One of --disconnect, --closed-at, --connect.
import type { Command } from 'commander'
import { BelayError } from '../domain/errors.ts'
import { unitsText } from '../domain/plain-words.ts'
import type { HubClient } from './hub-client.ts'
import { printable } from './live-lines.ts'
import type { Terminal } from './terminal.ts'

export interface ListingOptions {
  readonly pool: string
  readonly json?: boolean
  readonly disconnect?: boolean
  readonly connect?: boolean
  readonly closedAt?: string
  readonly ordersIn?: boolean
}

interface Answer {
  readonly listing: string
  readonly connection: string
  readonly closedAtMs: number | null
  readonly exposureUnits: number
}

const usage = 'Say one of --disconnect, --closed-at TIME and --connect.'

/** With a time zone: a local time would be read as that of another machine. */
const timeOf = (text: string): number => {
  const ms = /(Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms))
    throw new BelayError('request-invalid', `This is not a time: ${text.slice(0, 60)}`, {
      fix: 'Write it with its zone: 2026-11-20T10:00:00Z',
    })
  return ms
}

const wordOf = ({ disconnect, connect, closedAt, ordersIn }: ListingOptions): Readonly<Record<string, unknown>> => {
  const said = [disconnect === true, connect === true, closedAt !== undefined].filter(Boolean).length
  if (said !== 1)
    throw new BelayError('request-invalid', said === 0 ? 'What is to be said of the listing?' : 'Only one can be said at a time.', {
      fix: usage,
    })
  if (ordersIn === true && closedAt === undefined)
    throw new BelayError('request-invalid', '--orders-in is said of a closed listing.', { fix: 'Say since when: --closed-at TIME.' })
  if (closedAt !== undefined) return { connection: 'closed', closedAtMs: timeOf(closedAt), ordersAreIn: ordersIn === true }
  return { connection: connect === true ? 'connected' : 'disconnected' }
}

const answerText = ({ listing, connection, closedAtMs, exposureUnits }: Answer): string => {
  const counted = `may still sell ${unitsText(exposureUnits)} that we do not know of`
  if (closedAtMs !== null)
    return exposureUnits > 0
      ? `${listing} is closed; it ${counted}, until the orders from before are in.`
      : `${listing} is closed and holds no goods any more.`
  return connection === 'disconnected'
    ? `${listing} is disconnected: nothing is written or read there. It ${counted}: they stay counted.`
    : `${listing} is connected: it is read next.`
}

export const sayOfListing = async (
  sku: string,
  listing: string,
  options: ListingOptions,
  client: HubClient,
  terminal: Terminal,
): Promise<void> => {
  const body = { pool: options.pool, listing, ...wordOf(options) }
  const answer = await client.put<Answer>(`/api/v1/connections/${encodeURIComponent(sku)}`, body)
  terminal.print(options.json === true ? JSON.stringify(answer, null, 2) : printable(answerText(answer)))
}

/** Adds the command's own arguments and options. */
export const listingOptions = (command: Command): Command =>
  command
    .description('say of a listing that it is disconnected, closed, or connected again')
    .argument('<sku>')
    .argument('<listing>', 'its id, as belay stock SKU shows it')
    .option('--disconnect', 'write and read nothing there; what it may still sell stays counted')
    .option('--closed-at <time>', 'vouch that nothing could be sold there since (2026-11-20T10:00:00Z): its goods become free')
    .option('--orders-in', 'with --closed-at: vouch too that all its orders are in, where they cannot come in any more')
    .option('--connect', 'it is there (again): read it and go on')
    .option('--pool <pool>', 'pool of the SKU', 'main')
    .option('--json', 'print JSON')
