// `belay report`: a day's report on the screen or in files, the list of reports, and what became of sending them.
import { isBelayError } from '../domain/errors.ts'
import { localTimes } from '../domain/local-time.ts'
import type { ReportDelivery, StoredReport } from '../ports/reports.ts'
import type { HubClient } from './hub-client.ts'
import { printable } from './live-lines.ts'
import { tableText } from './table.ts'
import type { Terminal } from './terminal.ts'

export interface ReportOptions {
  readonly day?: string
  readonly form?: string
  readonly table?: string
  readonly out?: string
  readonly again?: boolean
  readonly send?: boolean
  readonly deliveries?: boolean
  readonly json?: boolean
}

interface ReadReport extends Omit<StoredReport, 'body'> {
  readonly tables: readonly string[]
}

const utc = (ms: number): string => localTimes('UTC', 0)(ms)

const showDeliveries = async (options: ReportOptions, client: HubClient, terminal: Terminal): Promise<void> => {
  const answer = await client.get<{ readonly items: readonly ReportDelivery[] }>('/api/v1/report-deliveries')
  if (options.json === true) return terminal.print(JSON.stringify(answer, null, 2))
  terminal.print(
    answer.items.length === 0
      ? 'Nothing was to be sent.'
      : tableText(
          ['day', 'to', 'state', 'attempts', 'when', 'error'],
          answer.items.map((each) => [each.day, each.target, each.state, each.attempts, utc(each.atMs), each.lastError]),
        ),
  )
}

const showList = async (options: ReportOptions, client: HubClient, terminal: Terminal): Promise<void> => {
  const answer = await client.get<{ readonly items: readonly Omit<StoredReport, 'body'>[] }>('/api/v1/reports')
  if (options.json === true) return terminal.print(JSON.stringify(answer, null, 2))
  terminal.print(
    answer.items.length === 0
      ? 'No report is stored yet. Make one: belay report --day YYYY-MM-DD'
      : tableText(
          ['day', 'made', 'revision'],
          answer.items.map((each) => [each.day, utc(each.madeAtMs), each.revision]),
        ),
  )
}

/** As it is stored; made first when it is not there, or when it is to be made again. */
const readOrMake = async (path: string, again: boolean, client: HubClient): Promise<ReadReport> => {
  if (!again) {
    try {
      return await client.get<ReadReport>(path)
    } catch (error) {
      if (!isBelayError(error, 'not-found')) throw error
    }
  }
  await client.post(path, {})
  return client.get<ReadReport>(path)
}

const extensions: Readonly<Record<string, string>> = { html: 'html', text: 'txt', json: 'json', csv: 'csv' }

export const showReport = async (options: ReportOptions, client: HubClient, terminal: Terminal): Promise<void> => {
  if (options.deliveries === true) return showDeliveries(options, client, terminal)
  if (options.day === undefined) return showList(options, client, terminal)
  const path = `/api/v1/reports/${encodeURIComponent(options.day)}`
  const { day, tables } = await readOrMake(path, options.again === true, client)
  if (options.send === true) {
    const { targets } = await client.post<{ readonly targets: readonly string[] }>(`${path}/send`, {})
    terminal.print(
      targets.length === 0
        ? 'Nowhere to send it: set reports.mail or reports.slack in the configuration.'
        : `It is sent to ${targets.join(' and ')} within five minutes; belay report --deliveries tells what became of it.`,
    )
    return
  }
  const form = options.json === true ? 'json' : (options.form ?? 'text')
  const textOf = (table: string | null): Promise<string> =>
    client.text(`${path}?form=${form}${table === null ? '' : `&table=${encodeURIComponent(table)}`}`)
  const wanted = form === 'csv' ? (options.table === undefined ? tables : [options.table]) : [null]
  for (const table of wanted) {
    const text = await textOf(table)
    if (options.out === undefined) {
      // Lines end where they end; nothing else of a title may steer the terminal.
      terminal.print([...(wanted.length > 1 ? [`# ${table}`] : []), ...text.trimEnd().split(/\r?\n/).map(printable)].join('\n'))
      continue
    }
    const file = `${options.out}/belay-${day}${table === null ? '' : `-${table}`}.${extensions[form] ?? 'txt'}`
    await terminal.writeText(file, text)
    terminal.print(file)
  }
}
