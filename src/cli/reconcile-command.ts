// `belay reconcile` and `belay audit`: asks for runs, follows them to their end, shows what was found, and takes a person's answers.
import { BelayError } from '../domain/errors.ts'
import { type Finding, isOver, type Reconciliation } from '../domain/reconcile.ts'
import type { HubClient } from './hub-client.ts'
import { printable } from './live-lines.ts'
import { tableText } from './table.ts'
import type { Terminal } from './terminal.ts'

export interface ReconcileOptions {
  readonly channel?: string
  readonly sku?: readonly string[]
  readonly dryRun?: boolean
  readonly json?: boolean
  readonly wait?: boolean
  readonly list?: boolean
  readonly show?: string
  readonly resume?: string
  /** true: of a finding that is answered. */
  readonly dismiss?: string | true
  readonly answer?: string
  readonly correct?: boolean
}

interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

interface Shown {
  readonly reconciliation: Reconciliation
  readonly findings: Page<Finding>
}

const lookEveryMs = 1_000
/** Findings printed of a run. */
const maxShown = 200

const countsText = (counts: Readonly<Record<string, number | undefined>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count ?? 0}`)
    .join(', ') || 'none'

const lasted = ({ startedAtMs, endedAtMs }: Reconciliation): string =>
  startedAtMs === null || endedAtMs === null ? '' : ` in ${Math.round((endedAtMs - startedAtMs) / 1000)} s`

const about = ({ channel }: Reconciliation): string => channel ?? 'books'

const runText = (run: Reconciliation): string =>
  [
    `${about(run)}  ${run.state}${lasted(run)}${run.dryRun ? '  dry run: nothing is changed' : ''}  ${run.id}`,
    `  read ${run.rowsRead}${run.rowsExpected === null ? '' : ` of ${run.rowsExpected}`} rows in ${run.calls} calls, compared ${run.compared}, agreed ${run.agreed}`,
    `  explained: ${countsText(run.explained)}`,
    `  found: ${countsText(run.found)}${run.notKept > 0 ? ` (and ${run.notKept} more unknown offers)` : ''}; corrected ${run.corrected}, mended ${run.mended}`,
    ...(run.message === null ? [] : [`  ${run.message}`]),
    ...(run.state === 'stopped' ? [`  Look at it, then: belay reconcile --resume ${run.id}, or --dismiss ${run.id}`] : []),
  ]
    .map(printable)
    .join('\n')

const findingsText = (findings: readonly Finding[]): string =>
  tableText(
    ['kind', 'state', 'SKU', 'offer', 'shows', 'should', 'finding'],
    findings.map((each) => [each.kind ?? 'not judged', each.state, each.sku, each.externalId, each.shown, each.expected, each.id]),
  )

const read = (client: HubClient, id: string, limit: number): Promise<Shown> =>
  client.get<Shown>(`/api/v1/reconciliations/${encodeURIComponent(id)}?limit=${limit}`)

const show = async (id: string, options: ReconcileOptions, client: HubClient, terminal: Terminal): Promise<void> => {
  const shown = await read(client, id, maxShown)
  if (options.json === true) return terminal.print(JSON.stringify(shown, null, 2))
  terminal.print(runText(shown.reconciliation))
  if (shown.findings.items.length > 0) terminal.print(findingsText(shown.findings.items))
  if (shown.findings.next !== null) terminal.print('There are more: GET /api/v1/reconciliations/RUN pages them.')
}

/** Follows runs until each is over or waits for a person. */
const follow = async (
  runs: readonly Reconciliation[],
  options: ReconcileOptions,
  client: HubClient,
  terminal: Terminal,
  sleep: (ms: number) => Promise<void>,
): Promise<readonly Shown[]> => {
  const ended: Shown[] = []
  const told = new Map<string, string>()
  let open = runs.map(({ id }) => id)
  while (open.length > 0) {
    const left: string[] = []
    for (const id of open) {
      const shown = await read(client, id, maxShown)
      const { reconciliation: run } = shown
      const line = `${about(run)}: ${run.state}, ${run.rowsRead}${run.rowsExpected === null ? '' : ` of ${run.rowsExpected}`} rows`
      if (options.json !== true && told.get(id) !== line) terminal.print(line)
      told.set(id, line)
      if (isOver(run) || run.state === 'stopped') ended.push(shown)
      else left.push(id)
    }
    open = left
    if (open.length > 0) await sleep(lookEveryMs)
  }
  return ended
}

const finish = (ended: readonly Shown[], options: ReconcileOptions, terminal: Terminal): void => {
  if (options.json === true) terminal.print(JSON.stringify({ items: ended }, null, 2))
  else
    for (const { reconciliation, findings } of ended) {
      terminal.print(runText(reconciliation))
      if (findings.items.length > 0) terminal.print(findingsText(findings.items))
    }
  if (ended.some(({ reconciliation: { state } }) => state === 'failed' || state === 'stopped')) terminal.setExitCode(1)
}

const wallClock = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export const reconcile = async (
  options: ReconcileOptions,
  client: HubClient,
  terminal: Terminal,
  sleep: (ms: number) => Promise<void> = wallClock,
): Promise<void> => {
  if (options.list === true) {
    const page = await client.get<Page<Reconciliation>>('/api/v1/reconciliations?limit=50')
    return terminal.print(options.json === true ? JSON.stringify(page, null, 2) : page.items.map(runText).join('\n\n') || 'None yet.')
  }
  if (options.show !== undefined) return show(options.show, options, client, terminal)
  if (options.answer !== undefined) {
    if ((options.correct === true) === (options.dismiss !== undefined))
      throw new BelayError('request-invalid', '--answer needs --correct or --dismiss', {
        fix: 'belay reconcile --answer FINDING --correct',
      })
    const answer = options.correct === true ? 'correct' : 'dismiss'
    const path = `/api/v1/findings/${options.answer.split('/').map(encodeURIComponent).join('/')}`
    const finding = await client.post<Finding>(path, { answer })
    return terminal.print(`${finding.id}: ${answer === 'correct' ? 'it is read through the protocol now' : 'dismissed'}.`)
  }
  const act = options.resume ?? options.dismiss
  if (act === true)
    throw new BelayError('request-invalid', '--dismiss needs the id of a run', { fix: 'belay reconcile --list shows them.' })
  if (act !== undefined) {
    const verb = options.resume === undefined ? 'dismiss' : 'resume'
    const run = await client.post<Reconciliation>(`/api/v1/reconciliations/${encodeURIComponent(act)}/${verb}`, {})
    return terminal.print(runText(run))
  }
  const { items } = await client.post<{ readonly items: readonly Reconciliation[] }>('/api/v1/reconciliations', {
    channel: options.channel ?? null,
    skus: options.sku ?? null,
    dryRun: options.dryRun === true,
  })
  if (options.wait === false)
    return terminal.print(options.json === true ? JSON.stringify({ items }, null, 2) : items.map(runText).join('\n'))
  finish(await follow(items, options, client, terminal, sleep), options, terminal)
}

export const audit = async (
  options: Pick<ReconcileOptions, 'json' | 'wait'>,
  client: HubClient,
  terminal: Terminal,
  sleep: (ms: number) => Promise<void> = wallClock,
): Promise<void> => {
  const run = await client.post<Reconciliation>('/api/v1/audits', {})
  if (options.wait === false) return terminal.print(options.json === true ? JSON.stringify(run, null, 2) : runText(run))
  const ended = await follow([run], options, client, terminal, sleep)
  finish(ended, options, terminal)
  if (ended.some(({ findings }) => findings.items.length > 0)) terminal.setExitCode(1)
}
