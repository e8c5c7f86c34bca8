// `belay serve`: one process that does everything, or one of many with roles.
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { HubRole } from '../ports/hub.ts'

export interface ServeOptions {
  readonly configPath: string
  /** null: not said; everything. */
  readonly roles: readonly HubRole[] | null
  /** null: as configured. */
  readonly port: number | null
  /** False: a store whose schema is not up to date is refused. */
  readonly migrates: boolean
}

const roles: readonly HubRole[] = ['api', 'worker', 'scheduler']

const collectRole = (text: string, before: readonly HubRole[] | undefined): readonly HubRole[] => {
  const wanted = text.split(',').map((each) => each.trim())
  const known = wanted.flatMap((each) => roles.find((role) => role === each) ?? [])
  if (known.length !== wanted.length) throw new InvalidArgumentError(`Write ${roles.join(', ')}, or several of them.`)
  return [...new Set([...(before ?? []), ...known])]
}

interface Typed {
  readonly config: string
  readonly role?: readonly HubRole[]
  readonly port?: number
  readonly migrate: boolean
}

export const addServe = (
  program: Command,
  configOption: Option,
  portOf: (text: string) => number,
  serve: (options: ServeOptions) => Promise<void>,
): void => {
  program
    .command('serve')
    .description('run the hub')
    .addOption(configOption)
    .addOption(
      new Option(
        '--role <role>',
        'api, worker or scheduler; say it several times for several (default: everything in one process)',
      ).argParser(collectRole),
    )
    .option('--port <port>', 'listen here instead of on the configured port', portOf)
    .option('--no-migrate', 'refuse a store whose schema is not up to date, instead of bringing it up to date')
    .action(({ config, role, port, migrate }: Typed) =>
      serve({ configPath: config, roles: role ?? null, port: port ?? null, migrates: migrate }),
    )
}
