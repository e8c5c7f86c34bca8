// `belay store copy|verify|reopen`, `belay backup` and `belay restore`: the store as a whole, without a running hub (a backup may be taken
// beside one). Long work tells how far it is on standard error; the result is on standard output.
import type { Command, Option } from 'commander'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { transferKinds } from '../ports/store-transfer.ts'
import { writeBackup } from '../transfer/backup-file.ts'
import { assertCurrent, copyStore } from '../transfer/copy-store.ts'
import { type Inventory, type Progress, takeInventory } from '../transfer/inventory.ts'
import { reopenStore, restoreStore } from '../transfer/restore-store.ts'
import { tableText } from './table.ts'
import type { Terminal } from './terminal.ts'

/** `storeUrl` null: the store of the configuration. `mustExist`: a file that is not there is an error and is not made. */
export type OpenStore = (from: {
  readonly configPath: string
  readonly storeUrl: string | null
  readonly mustExist?: boolean
}) => Promise<Store>

interface Typed {
  readonly config: string
  readonly store?: string
  readonly json?: boolean
}

export interface StoreCommandParts {
  readonly configOption: () => Option
  readonly open: OpenStore
  readonly clock: Pick<Clock, 'nowMs'>
  readonly terminal: Terminal
}

/** A line for every so many documents of a kind. */
const toldEvery = 20_000

const inventoryText = (inventory: Inventory): string =>
  [
    tableText(
      ['kind', 'documents', 'checksum'],
      transferKinds.map((kind) => {
        const { documents, checksum } = inventory.kinds[kind]
        return [kind, documents, checksum.slice(0, 16)]
      }),
    ),
    `On hand ${inventory.onHandUnits} units, reserved ${inventory.reservedUnits}. Open requests: ${inventory.openPushes}, which may raise what channels sell by ${inventory.openChargeQuantity}.`,
  ].join('\n')

const progressTo = (terminal: Terminal): ((doing: string, ...progress: Parameters<Progress>) => void) => {
  const told = new Map<string, number>()
  return (doing, kind, documents) => {
    const step = Math.floor(documents / toldEvery)
    if (step <= (told.get(`${doing} ${kind}`) ?? 0)) return
    told.set(`${doing} ${kind}`, step)
    terminal.printError(`${doing} ${kind}: ${documents}`)
  }
}

/** A text that is the same for the same store, without the password that a URL may hold. */
const sourceName = (url: string): string => url.replace(/^(mongodb(?:\+srv)?:\/\/)[^/@]*@/, '$1')

export const addStoreCommands = (program: Command, { configOption, open, clock, terminal }: StoreCommandParts): void => {
  const progress = progressTo(terminal)
  const printInventory = (said: string, inventory: Inventory, json: boolean): void =>
    terminal.print(json ? JSON.stringify(inventory, null, 2) : `${inventoryText(inventory)}\n${said}`)
  const existing = async (from: Parameters<OpenStore>[0]): Promise<Store> => {
    const store = await open({ ...from, mustExist: true })
    try {
      await assertCurrent(store)
      return store
    } catch (error) {
      await store.close()
      throw error
    }
  }
  const using = async <T>(opened: Promise<Store>, work: (store: Store) => Promise<T>): Promise<T> => {
    const store = await opened
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  }
  const onStore = (command: Command): Command =>
    command
      .addOption(configOption())
      .option('--store <url>', 'this store instead of the configured one: sqlite:PATH or mongodb://…')
      .option('--json', 'print JSON')
  const named = (typed: Typed): Parameters<OpenStore>[0] => ({ configPath: typed.config, storeUrl: typed.store ?? null })

  const store = program.command('store').description('the store as a whole: moving it, comparing it')
  store
    .command('copy')
    .description('move everything into another, empty store, and verify it; goes on where it was cut off')
    .requiredOption('--from <url>', 'sqlite:PATH or mongodb://…; no hub may be running on it')
    .requiredOption('--to <url>', 'the same, empty')
    .option('--json', 'print JSON')
    .action((typed: { from: string; to: string; json?: boolean }) =>
      using(existing({ configPath: '', storeUrl: typed.from }), (from) =>
        using(open({ configPath: '', storeUrl: typed.to }), async (to) => {
          const inventory = await copyStore({ from, to, source: sourceName(typed.from), clock, onProgress: progress })
          const said =
            'Copied and verified. Name the new store in the configuration; the old one is marked as moved and no hub starts on it.'
          printInventory(said, inventory, typed.json === true)
        }),
      ),
    )
  onStore(store.command('verify').description('what a store holds: counts, checksums, open requests; changes nothing')).action(
    (typed: Typed) =>
      using(existing(named(typed)), async (opened) => {
        const inventory = await opened.transfer.atOneMoment((reader) => takeInventory(reader, (...at) => progress('reading', ...at)))
        printInventory('Two stores that hold the same have the same checksums.', inventory, typed.json === true)
      }),
  )
  onStore(
    store.command('reopen').description('use a store again that was moved away: every channel is adopted anew; end the other hub first'),
  ).action((typed: Typed) =>
    using(existing(named(typed)), async (opened) => {
      const listings = await reopenStore(opened, clock)
      terminal.print(`The store can be used again. ${listings} listings are adopted anew.`)
    }),
  )
  onStore(
    program.command('backup').description('write a backup of the store into a new file; a hub may be running').argument('<file>'),
  ).action((path: string, typed: Typed) =>
    using(existing(named(typed)), async (opened) => {
      const { stored } = await opened.schemaStatus()
      const about = { createdAtMs: clock.nowMs(), engine: opened.engine, schema: stored }
      const inventory = await opened.transfer.atOneMoment((reader) =>
        writeBackup(path, reader, about, (...at) => progress('writing', ...at)),
      )
      printInventory(
        `Written to ${path}. It holds everything the hub knows, so keep it as safe as the store.`,
        inventory,
        typed.json === true,
      )
    }),
  )
  onStore(
    program.command('restore').description('write a backup into an empty store; every channel is adopted anew').argument('<file>'),
  ).action((path: string, typed: Typed) =>
    using(open(named(typed)), async (to) => {
      const { header, inventory } = await restoreStore({ path, to, clock, onProgress: (...at) => progress('restoring', ...at) })
      const since = new Date(header.createdAtMs).toISOString()
      const said =
        `Restored as of ${since}. What happened since then is not in it: orders come in again by themselves when the hub starts; enter again what ` +
        'the warehouse moved and reserved by hand. Every SKU shows Unprotected until its listings are proven anew.'
      printInventory(said, inventory, typed.json === true)
    }),
  )
}
