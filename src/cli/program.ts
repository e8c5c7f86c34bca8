// The command line. Commands that look into or change a running hub talk to its API; `serve`, `check`, `demo` and `simulate` are functions given by
// main.ts. Every error ends as one readable line with its code and the way to mend it, and exit code 1.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { apiKeyVariable } from '../config/api-key.ts'
import { hubUrlFrom } from '../config/config.ts'
import { isBelayError } from '../domain/errors.ts'
import type { Clock } from '../ports/clock.ts'
import { createHubClient, type HubClient } from './hub-client.ts'
import { type ImportFiles, runImport } from './import-command.ts'
import { addMigrate } from './migrate-command.ts'
import { type InventoryOptions, showInventory } from './inventory-command.ts'
import { type ReadOptions, showChannels, showExplanation, showInbox, showIncidents, showStock } from './read-commands.ts'
import { type ReportOptions, showReport } from './report-command.ts'
import { audit, reconcile, type ReconcileOptions } from './reconcile-command.ts'
import { showSchedule } from './schedule-command.ts'
import { addSimulate, type SimulateOptions } from './simulate-command.ts'
import { addServe, type ServeOptions } from './serve-command.ts'
import { listingOptions, type ListingOptions, sayOfListing } from './listing-command.ts'
import { rulesOptions, type RulesOptions, showRules } from './rules-command.ts'
import { addStoreCommands, type OpenStore } from './store-commands.ts'
import { processTerminal, type Terminal } from './terminal.ts'

export interface DemoOptions {
  readonly port: number
  /** The same seed shops the same way. */
  readonly seed: number
  readonly ordersPerMinute: number
  /** Ends by itself after this long; null: runs until it is stopped. */
  readonly forSeconds: number | null
}

export interface Programs {
  serve(options: ServeOptions): Promise<void>
  /** The exit code: 0 when everything checked is fine. */
  check(configPath: string): Promise<number>
  demo(options: DemoOptions): Promise<void>
  /** Resolves with the number of worlds that failed. */
  simulate(options: SimulateOptions): Promise<number>
  openStore: OpenStore
  readonly clock: Pick<Clock, 'nowMs'>
}

const defaultConfigPath = 'belay.yaml'
const defaultUrl = 'http://127.0.0.1:8080'

interface HubOptions {
  readonly url?: string
  readonly config?: string
}

const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`)
    return value
  }

const connect = async ({ url, config }: HubOptions, terminal: Terminal): Promise<HubClient> => {
  const fromFile =
    url === undefined && config !== undefined
      ? hubUrlFrom(new TextDecoder().decode(await terminal.readBytes(config)), terminal.env)
      : undefined
  return createHubClient(
    { url: url ?? fromFile ?? terminal.env['BELAY_URL'] ?? defaultUrl, apiKey: terminal.env[apiKeyVariable] || null },
    terminal.fetch,
  )
}

const ofHub = (command: Command): Command =>
  command
    .option('--url <url>', `where the hub is (also: BELAY_URL; default: ${defaultUrl})`)
    .option('--config <file>', 'take the address from this configuration file')

const reading = (command: Command): Command => ofHub(command).option('--json', 'print JSON').option('--limit <rows>', 'how many rows', '50')

export const createProgram = (programs: Programs, terminal: Terminal = processTerminal): Command => {
  const program = new Command('belay')
    .description('One stock for every marketplace: the hub and what asks it.')
    .showHelpAfterError('(belay --help lists the commands)')
    .configureOutput({ writeOut: (text) => terminal.print(text.trimEnd()), writeErr: (text) => terminal.printError(text.trimEnd()) })
    .exitOverride()
  const configOption = (): Option => new Option('--config <file>', 'the configuration file').default(defaultConfigPath)

  addServe(program, configOption(), wholeNumber(0, 65_535), (options) => programs.serve(options))
  addMigrate(program, configOption, (from) => programs.openStore(from), terminal)
  addStoreCommands(program, { configOption, open: (from) => programs.openStore(from), clock: programs.clock, terminal })
  program
    .command('check')
    .description('check the configuration, the store and the access to each channel; changes nothing')
    .addOption(configOption())
    .action(async (options: { config: string }) => terminal.setExitCode(await programs.check(options.config)))
  program
    .command('demo')
    .description('run the hub against simulated marketplaces, with shoppers in them')
    .option('--port <port>', 'port of the API', wholeNumber(0, 65_535), 8080)
    .option('--seed <number>', 'the same seed shops the same way', wholeNumber(0, 4_294_967_295), 1)
    .option('--orders-per-minute <number>', 'how busy the shoppers are', wholeNumber(1, 60_000), 60)
    .option('--for-seconds <seconds>', 'end by itself after this long', wholeNumber(1, 86_400))
    .action((options: Omit<DemoOptions, 'forSeconds'> & { forSeconds?: number }) =>
      programs.demo({ ...options, forSeconds: options.forSeconds ?? null }),
    )

  addSimulate(program, wholeNumber, (options) => programs.simulate(options), terminal)

  ofHub(program.command('import'))
    .description('set stock levels and map listings from CSV files; shows what would change and asks')
    .option('--stock <file>', 'CSV: sku, location, on_hand, and optionally pool, title, barcode, buffer, sharing, reserve')
    .option(
      '--listings <file>',
      'CSV: sku, channel, external_id, and optionally pool, units_per_listing, allocation, value, cap, hide_below, priority, hysteresis, buffer, sharing',
    )
    .option('--reference <name>', 'name of this import: a name is applied once (default: made from the content)')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'show what would change, change nothing')
    .action(async (options: HubOptions & ImportFiles) => runImport(options, await connect(options, terminal), terminal))
  reading(program.command('stock'))
    .description('stock levels, or one SKU with all its listings')
    .argument('[sku]')
    .action(async (sku: string | undefined, options: HubOptions & ReadOptions) =>
      showStock(sku, options, await connect(options, terminal), terminal),
    )
  reading(program.command('inventory'))
    .description('every SKU over all channels: stock, what channels show, drift, cover, protection; or one SKU')
    .argument('[sku]')
    .option('--status <status>', 'only at-risk, unprotected, protected or not-offered ones')
    .option('--channel <channel>', 'only those with a listing there')
    .option('--pool <pool>', 'only those with stock in this pool')
    .option('--sort <order>', 'sku, risk, drift or changed (default: sku)')
    .option('--search <text>', 'the beginning of a SKU or barcode, or words of the title')
    .action(async (sku: string | undefined, options: HubOptions & InventoryOptions) =>
      showInventory(sku, options, await connect(options, terminal), terminal),
    )
  ofHub(program.command('explain'))
    .description('how every number of a SKU came about, and what happens next')
    .argument('<sku>')
    .option('--json', 'print JSON')
    .action(async (sku: string, options: HubOptions & ReadOptions) =>
      showExplanation(sku, options, await connect(options, terminal), terminal),
    )
  rulesOptions(ofHub(program.command('rules'))).action(async (sku: string | undefined, options: HubOptions & RulesOptions) =>
    showRules(sku, options, await connect(options, terminal), terminal),
  )
  listingOptions(ofHub(program.command('listing'))).action(async (sku: string, listing: string, options: HubOptions & ListingOptions) =>
    sayOfListing(sku, listing, options, await connect(options, terminal), terminal),
  )
  reading(program.command('incidents'))
    .description('what a person should know, newest first')
    .action(async (options: HubOptions & ReadOptions) => showIncidents(options, await connect(options, terminal), terminal))
  reading(program.command('inbox'))
    .description('events that could not be applied')
    .option('--retry', 'try them again')
    .action(async (options: HubOptions & ReadOptions & { retry?: boolean }) => {
      const client = await connect(options, terminal)
      if (options.retry !== true) return showInbox(options, client, terminal)
      const { retried } = await client.post<{ readonly retried: number }>('/api/v1/inbox/retry', {})
      terminal.print(`${retried} ${retried === 1 ? 'event is' : 'events are'} tried again.`)
    })
  reading(program.command('channels'))
    .description('how each channel is')
    .option('--forget <channel>', 'forget what evidence taught about a channel; its configured constants count again')
    .action(async (options: HubOptions & ReadOptions & { forget?: string }) => {
      const client = await connect(options, terminal)
      if (options.forget === undefined) return showChannels(options, client, terminal)
      const path = `/api/v1/channels/${encodeURIComponent(options.forget)}/forget-learned`
      const { forgotten } = await client.post<{ readonly forgotten: boolean }>(path, {})
      terminal.print(forgotten ? 'Forgotten: what is configured counts again.' : 'Nothing was learned: what is configured counts.')
    })
  ofHub(program.command('report'))
    .description('the report of a day (made when it is not stored), the list of reports, and what became of sending them')
    .option('--day <day>', 'year-month-day; without it: the list')
    .addOption(new Option('--form <form>', 'in which form').choices(['text', 'html', 'json', 'csv']).default('text'))
    .option('--table <name>', 'with --form csv: this table alone')
    .option('--out <folder>', 'write files there instead of printing')
    .option('--again', 'make it anew from what is known now')
    .option('--send', 'send it to everyone who gets reports')
    .option('--deliveries', 'what became of sending reports')
    .option('--json', 'print JSON')
    .action(async (options: HubOptions & ReportOptions) => showReport(options, await connect(options, terminal), terminal))
  ofHub(program.command('reconcile'))
    .description('read channels back, compare, and mend what drifted; or look at earlier runs and answer what they ask')
    .option('--channel <channel>', 'this channel alone (default: all)')
    .option('--sku <sku...>', 'these SKUs alone')
    .option('--dry-run', 'only say what differs and what would be done')
    .option('--no-wait', 'do not follow the run to its end')
    .option('--list', 'runs so far')
    .option('--show <run>', 'one run and what it found')
    .option('--resume <run>', 'a run that stopped for too many differences goes on')
    .option('--dismiss [run]', 'a run that stopped ends with nothing done')
    .option('--answer <finding>', 'answer one that was asked about, with --correct or --dismiss')
    .option('--correct', 'have the protocol look at it and mend it')
    .option('--json', 'print JSON')
    .action(async (options: HubOptions & ReconcileOptions) => reconcile(options, await connect(options, terminal), terminal))
  ofHub(program.command('audit'))
    .description("hold the hub's own books against each other: levels, reservations, bounds")
    .option('--no-wait', 'do not follow it to its end')
    .option('--json', 'print JSON')
    .action(async (options: HubOptions & ReconcileOptions) => audit(options, await connect(options, terminal), terminal))
  ofHub(program.command('schedule'))
    .description('the scheduled jobs: when each ran, what it did, when it runs next')
    .option('--json', 'print JSON')
    .action(async (options: HubOptions & ReadOptions) => showSchedule(options, await connect(options, terminal), terminal))
  return program
}

/** What a person reads of any error. The stack is for whoever asks for it. */
export const errorText = (error: unknown, debug: boolean): string => {
  const stack = debug && error instanceof Error ? `\n${error.stack ?? ''}` : ''
  if (isBelayError(error)) return `belay: ${error.code}: ${error.message}${error.fix === undefined ? '' : ` Fix: ${error.fix}`}${stack}`
  const message = error instanceof Error ? error.message : String(error)
  return `belay: internal: ${message}. Fix: this is a mistake in Belay, please report it with the output of the same command under BELAY_DEBUG=1.${stack}`
}

/** Runs one command; never throws. Resolves to the exit code. */
export const runCommandLine = async (
  programs: Programs,
  argv: readonly string[],
  terminal: Terminal = processTerminal,
): Promise<number> => {
  let exitCode = 0
  const heard: Terminal = {
    ...terminal,
    setExitCode: (code) => {
      exitCode = code
      terminal.setExitCode(code)
    },
  }
  try {
    await createProgram(programs, heard).parseAsync([...argv])
  } catch (error) {
    // Commander has printed its own message (or the help) already.
    if (error instanceof CommanderError) return error.exitCode
    terminal.printError(errorText(error, Boolean(terminal.env['BELAY_DEBUG'])))
    return 1
  }
  return exitCode
}
