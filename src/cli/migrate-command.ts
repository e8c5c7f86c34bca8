// `belay migrate status` and `belay migrate up`: the schema of a store, without a running hub.
import type { Command, Option } from 'commander'
import { BelayError } from '../domain/errors.ts'
import type { SchemaStatus, SchemaStore } from '../ports/schema.ts'
import type { Terminal } from './terminal.ts'

export type OpenedSchema = SchemaStore & { readonly engine: string; close(): Promise<void> }

/** `storeUrl` null: the store of the configuration. */
export type OpenSchema = (from: { readonly configPath: string; readonly storeUrl: string | null }) => Promise<OpenedSchema>

interface Typed {
  readonly config: string
  readonly store?: string
  readonly json?: boolean
}

const stepsText = ({ stored, steps }: SchemaStatus): string =>
  steps.map(({ number, title }) => `${String(number).padStart(3)}  ${number <= stored ? 'applied' : 'pending'}  ${title}`).join('\n')

const summary = ({ stored, steps }: SchemaStatus): string => {
  const pending = steps.filter(({ number }) => number > stored).length
  if (pending === 0) return `The schema is up to date (${stored}).`
  return `${pending} of ${steps.length} steps ${pending === 1 ? 'is' : 'are'} pending. \`belay migrate up\` applies them; so does the next \`belay serve\`.`
}

export const addMigrate = (program: Command, configOption: () => Option, open: OpenSchema, terminal: Terminal): void => {
  const migrate = program.command('migrate').description('the schema of the store: what it has, and bringing it up to date')
  const command = (name: string, description: string): Command =>
    migrate
      .command(name)
      .description(description)
      .addOption(configOption())
      .option('--store <url>', 'this store instead of the configured one: sqlite:PATH or mongodb://…')
      .option('--json', 'print JSON')
  const within = async <T>(typed: Typed, work: (store: OpenedSchema) => Promise<T>): Promise<T> => {
    const store = await open({ configPath: typed.config, storeUrl: typed.store ?? null })
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  }

  command('status', 'show the steps, and which are pending; changes nothing').action((typed: Typed) =>
    within(typed, async (store) => {
      const status = await store.schemaStatus()
      if (typed.json === true) terminal.print(JSON.stringify({ engine: store.engine, ...status }, null, 2))
      else terminal.print(stepsText(status))
      if (status.stored > status.steps.length)
        throw new BelayError(
          'schema-unknown',
          `The store has schema ${status.stored}; this program knows schemas up to ${status.steps.length}`,
          {
            fix: 'Use the newer program that wrote it.',
          },
        )
      if (typed.json !== true) terminal.print(summary(status))
    }),
  )
  command('up', 'apply the pending steps; safe while processes of the version before still run').action((typed: Typed) =>
    within(typed, async (store) => {
      const before = await store.schemaStatus()
      const { from, to } = await store.migrate()
      if (typed.json === true) terminal.print(JSON.stringify({ engine: store.engine, from, to }, null, 2))
      else {
        const applied = before.steps.filter(({ number }) => number > from).map(({ number, title }) => `${number}  ${title}`)
        terminal.print(applied.length === 0 ? `The schema is up to date (${to}).` : `Applied:\n${applied.join('\n')}`)
      }
    }),
  )
}
