// The commands that look into a running hub, as tables; `--json` prints what the API answered.
import { constantsText, unitsText } from '../domain/plain-words.ts'
import type { ConstantsOfChannel } from '../domain/protection.ts'
import type { ExplanationSection } from '../domain/explain-text.ts'
import type { Incident } from '../domain/incidents.ts'
import type { ChannelStatus } from '../ports/hub.ts'
import type { StoredInboxEvent } from '../ports/store.ts'
import type { HubClient } from './hub-client.ts'
import { durationText, printable } from './live-lines.ts'
import { type Cell, tableText } from './table.ts'
import type { Terminal } from './terminal.ts'

export interface ReadOptions {
  readonly json?: boolean
  readonly limit?: string
}

interface Listed<T> {
  readonly items: readonly T[]
  readonly next?: string | null
}

interface StockSummary {
  readonly sku: string
  readonly pool: string
  readonly title: string
  readonly onHandUnits: number
  readonly reservedUnits: number
  readonly bufferUnits: number
  readonly availableUnits: number
  readonly listings: number
  readonly protection: { readonly status: string; readonly text: string }
}

interface StockDetail extends Omit<StockSummary, 'listings' | 'protection'> {
  readonly protection: {
    readonly status: string
    readonly text: string
    readonly reasons: readonly { readonly text: string }[]
    readonly constants: readonly ConstantsOfChannel[]
  }
  readonly onHandByLocation: Readonly<Record<string, number>>
  readonly atRiskUnits: number
  readonly listings: readonly {
    readonly channel: string
    readonly externalId: string
    readonly status: string
    readonly believedQuantity: number | null
    readonly exposureQuantity: number
    readonly openPushes: readonly unknown[]
    readonly blockedReason: string | null
  }[]
}

export const dateText = (ms: number): string =>
  new Date(ms)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')

const printPage = <T>(page: Listed<T>, options: ReadOptions, terminal: Terminal, text: (items: readonly T[]) => string): void => {
  if (options.json === true) {
    terminal.print(JSON.stringify(page, null, 2))
    return
  }
  terminal.print(page.items.length === 0 ? 'None.' : text(page.items))
  if (page.next) terminal.print('There are more: raise --limit (at most 500).')
}

const printList = <T>(
  page: Listed<T>,
  options: ReadOptions,
  terminal: Terminal,
  header: readonly string[],
  row: (item: T) => readonly Cell[],
): void => printPage(page, options, terminal, (items) => tableText(header, items.map(row)))

const limitQuery = (options: ReadOptions): string => `limit=${encodeURIComponent(options.limit ?? '50')}`

/** Nothing is called protected without what that rests on. */
const restsOn = (constants: readonly ConstantsOfChannel[]): string =>
  `Protected rests on these assumptions:\n${constants.map((each) => `  ${each.channel}: ${constantsText(each)}.`).join('\n')}`

const protectionLines = ({ protection }: StockDetail): string => {
  const more = protection.reasons.map((reason) => `\n    ${reason.text}`).join('')
  if (protection.status === 'protected') return `  ${protection.text}. ${restsOn(protection.constants).replaceAll('\n', '\n  ')}`
  return protection.reasons.length > 1 || protection.status === 'at-risk' ? `  ${protection.text}${more}` : `  ${protection.text}`
}

const stockDetailText = (stock: StockDetail): string =>
  [
    `${stock.sku}  pool ${stock.pool}  ${stock.title}`,
    `  on hand ${stock.onHandUnits} (${Object.entries(stock.onHandByLocation)
      .map(([location, units]) => `${location} ${units}`)
      .join(', ')}), reserved ${stock.reservedUnits}, buffer ${stock.bufferUnits}, available ${stock.availableUnits}`,
    protectionLines(stock),
    stock.listings.length === 0
      ? '  no listings'
      : tableText(
          ['  channel', 'listing', 'status', 'shows', 'may sell', 'open', 'blocked'],
          stock.listings.map((each) => [
            `  ${each.channel}`,
            each.externalId,
            each.status,
            each.believedQuantity,
            each.exposureQuantity,
            each.openPushes.length,
            each.blockedReason,
          ]),
        ),
  ].join('\n')

export const showStock = async (sku: string | undefined, options: ReadOptions, client: HubClient, terminal: Terminal): Promise<void> => {
  if (sku === undefined) {
    const page = await client.get<Listed<StockSummary> & { readonly constants: readonly ConstantsOfChannel[] }>(
      `/api/v1/stock?${limitQuery(options)}`,
    )
    const header = ['SKU', 'pool', 'on hand', 'reserved', 'buffer', 'available', 'listings', 'status', 'title']
    printList(page, options, terminal, header, (each) => [
      each.sku,
      each.pool,
      each.onHandUnits,
      each.reservedUnits,
      each.bufferUnits,
      each.availableUnits,
      each.listings,
      each.protection.text,
      each.title,
    ])
    if (options.json !== true && page.items.some((each) => each.protection.status === 'protected')) terminal.print(restsOn(page.constants))
    return
  }
  const detail = await client.get<{ readonly pools: readonly StockDetail[] }>(`/api/v1/stock/${encodeURIComponent(sku)}`)
  terminal.print(options.json === true ? JSON.stringify(detail, null, 2) : detail.pools.map(stockDetailText).join('\n\n'))
}

interface Explained {
  readonly pools: readonly { readonly sections: readonly ExplanationSection[] }[]
}

const sectionText = ({ title, sentences }: ExplanationSection): string =>
  [title, ...sentences.map((sentence) => `  ${sentence}`)].map(printable).join('\n')

export const showExplanation = async (sku: string, options: ReadOptions, client: HubClient, terminal: Terminal): Promise<void> => {
  const answer = await client.get<Explained>(`/api/v1/stock/${encodeURIComponent(sku)}/explain`)
  if (options.json === true) terminal.print(JSON.stringify(answer, null, 2))
  else terminal.print(answer.pools.flatMap(({ sections }) => sections.map(sectionText)).join('\n\n'))
}

interface ToldIncident extends Incident {
  readonly state: 'open' | 'resolved' | 'noted'
  readonly at: string
  readonly details: readonly string[]
  readonly whatToDo: string
}

/** What is over needs nothing done. */
const incidentText = (incident: ToldIncident): string => {
  const about = [incident.channel, incident.sku, incident.units > 0 ? unitsText(incident.units) : null].filter((part) => part !== null)
  const lines = [
    [incident.at, incident.state, incident.kind, ...about].join('  '),
    ...[incident.summary, ...incident.details].map((line) => `  ${line}`),
    ...(incident.state === 'resolved' ? [] : [`  What to do: ${incident.whatToDo}`]),
  ]
  return lines.map(printable).join('\n')
}

export const showIncidents = async (options: ReadOptions, client: HubClient, terminal: Terminal): Promise<void> => {
  const page = await client.get<Listed<ToldIncident>>(`/api/v1/incidents?${limitQuery(options)}`)
  printPage(page, options, terminal, (items) => items.map(incidentText).join('\n\n'))
}

export const showInbox = async (options: ReadOptions, client: HubClient, terminal: Terminal): Promise<void> => {
  const page = await client.get<Listed<Omit<StoredInboxEvent, 'payload'>>>(`/api/v1/inbox?state=parked&${limitQuery(options)}`)
  printList(page, options, terminal, ['received', 'channel', 'topic', 'why it is parked'], (each) => [
    dateText(each.receivedAtMs),
    each.channel,
    each.topic,
    each.reason,
  ])
}

const watermarkText = (status: ChannelStatus): string | null => {
  const ages = Object.entries(status.watermarkAgeMs)
  const texts = ages.map(
    ([stream, age]) => `${ages.length > 1 ? `${stream} ` : ''}${age === null ? 'none yet' : `${durationText(age)} ago`}`,
  )
  return texts.length === 0 ? null : texts.join(', ')
}

export const showChannels = async (options: ReadOptions, client: HubClient, terminal: Terminal): Promise<void> => {
  const page = await client.get<Listed<ChannelStatus>>('/api/v1/channels')
  const header = [
    'channel',
    'platform',
    'mode',
    'health',
    'orders in up to',
    'due',
    'open',
    'throttled',
    'retried',
    'worked by',
    'last error',
  ]
  printList(page, options, terminal, header, (each) => {
    const error = each.lastErrors[0]
    return [
      each.channel,
      each.platform,
      each.mode,
      each.health,
      watermarkText(each),
      each.pushesDue,
      each.pushesOpen,
      each.throttles,
      each.retries,
      each.owner,
      error ? `${error.code}: ${error.message}` : null,
    ]
  })
}
