// The configuration: one YAML file and the environment, to one plain value or to an error that names key, line and fix.
// Pure: the text and the environment are passed in, and so are the platforms' own schemas, which makes adding a platform no business
// of this file. Nothing that came from the environment ever shows in an error (see redaction.ts).
import { z } from 'zod'
import { BelayError } from '../domain/errors.ts'
import { type ChannelId, isIdText, type LocationId, type PoolId } from '../domain/ids.ts'
import { hubChannel } from '../domain/order-fold.ts'
import type { Policy } from '../domain/rules.ts'
import type { ReconcilePolicy } from '../domain/reconcile-policy.ts'
import type { ChannelConstants, ChannelMode } from '../domain/settings.ts'
import { apiKeyHashFrom, apiKeyVariable, isLoopback } from './api-key.ts'
import { defaultConstants } from './channel-constants.ts'
import { type Environment, type KeyPath, readDocument } from './document.ts'
import { issueProblems, type Problem, throwProblems, unknownKeyProblems } from './problems.ts'
import { createRedactor, type Redact, secretsWithin } from './redaction.ts'
import { channelRuleSchema, policyOf, statementProblems, wholeRuleSchema } from './rules.ts'
import { reportsConfig } from './reports-config.ts'
import { reconcileConfig, reconcilePolicy } from './reconcile-config.ts'
import { scheduleConfig } from './schedule-config.ts'
import { unknownKeys } from './unknown-keys.ts'

export type PlatformSchemas = Readonly<Record<string, z.ZodType>>

type StoreConfig = { readonly engine: 'sqlite'; readonly path: string } | { readonly engine: 'mongo'; readonly uri: string }

interface PoolConfig {
  readonly id: PoolId
  readonly locations: readonly LocationId[]
}

/** `settings` is what the platform's own schema makes of the file. */
export type ChannelConfig<S extends PlatformSchemas> = {
  [P in keyof S & string]: {
    readonly id: ChannelId
    readonly platform: P
    readonly mode: ChannelMode
    readonly constants: ChannelConstants
    readonly settings: z.output<S[P]>
  }
}[keyof S & string]

export interface Config<S extends PlatformSchemas = PlatformSchemas> {
  readonly store: StoreConfig
  readonly http: { readonly host: string; readonly port: number; readonly publicUrl: string | null }
  /** SHA-256 of the API key; null: none is set, and only loopback addresses are served. */
  readonly apiKeyHash: Uint8Array | null
  readonly timeZone: string
  /** Cron expressions by job name, or `off`. */
  readonly schedule: Readonly<Record<string, string>>
  readonly reports: z.output<typeof reportsConfig>
  /** What is done about drift of a channel. */
  readonly reconcilePolicyFor: (channel: ChannelId) => ReconcilePolicy
  readonly pools: readonly PoolConfig[]
  readonly channels: readonly ChannelConfig<S>[]
  /** What is said of the rules for the catalogue and for each channel. */
  readonly policy: Policy
  /** Takes every secret of this configuration out of a text. */
  readonly redact: Redact
}

/** A day: no constant of the protocol makes sense beyond it. */
const maxConstantMs = 86_400_000
const milliseconds = z
  .int('must be whole milliseconds')
  .min(0, 'must not be negative')
  .max(maxConstantMs, 'must be at most a day (86400000)')

const idText = z.string().refine(isIdText, 'must have 1 to 200 characters and no white space at either end')

const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const isPublicUrl = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).search === ''

/** A number that came through the environment is text. */
const port = z.preprocess(
  (value) => (typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value),
  z.int('must be a whole number').min(0, 'must be from 0 to 65535').max(65_535, 'must be from 0 to 65535'),
)

const store = z
  .string()
  .regex(/^(sqlite:.+|mongodb(\+srv)?:\/\/.+)$/, 'must be sqlite:PATH or mongodb://…')
  .default('sqlite:data/belay.db')

const http = z
  .strictObject({
    host: z.string().min(1, 'must not be empty').default('127.0.0.1'),
    port: port.default(8080),
    publicUrl: z.string().refine(isPublicUrl, 'must be a full URL, for example https://belay.example.com').nullable().default(null),
  })
  .prefault({})

const pools = z
  .array(z.strictObject({ id: idText, locations: z.array(idText).min(1, 'needs at least one location') }))
  .min(1, 'needs a pool')

const channel = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1 to 63 small letters, digits and hyphens: it is part of a URL')
    .refine((id) => id !== hubChannel, 'must not be "hub": that is the name of the hub itself'),
  platform: z.string(),
  mode: z.enum(['observe', 'enforce', 'paused']).default('observe'),
  constants: z
    .strictObject({
      orderVisibilityMs: milliseconds.optional(),
      clockSkewMs: milliseconds.optional(),
      checkoutHoldMs: milliseconds.optional(),
      requestLifetimeMs: milliseconds.optional(),
      readStalenessMs: milliseconds.optional(),
    })
    .prefault({}),
  rules: channelRuleSchema.prefault({}),
  // Checked by the platform's own schema.
  settings: z.looseObject({}).prefault({}),
})

const file = z.strictObject({
  store,
  http,
  timeZone: z.string().refine(isTimeZone, 'is not a time zone of the IANA list, for example Europe/Berlin').default('UTC'),
  pools: pools.default([{ id: 'main', locations: ['main'] }]),
  schedule: scheduleConfig,
  rules: wholeRuleSchema.prefault({}),
  reports: reportsConfig,
  reconcile: reconcileConfig,
  channels: z.array(channel).max(200, 'at most 200 channels').default([]),
})
type ConfigFile = z.output<typeof file>

const repeated = (values: readonly string[]): readonly number[] =>
  values.flatMap((value, index) => (values.indexOf(value) < index ? [index] : []))

const poolProblems = (config: ConfigFile): readonly Problem[] => {
  const places = config.pools.flatMap((pool, p) => pool.locations.map((location, l) => ({ location, path: ['pools', p, 'locations', l] })))
  return [
    ...repeated(config.pools.map((pool) => pool.id)).map((index) => ({
      path: ['pools', index, 'id'],
      message: 'is the id of an earlier pool',
      fix: 'Give every pool its own id.',
    })),
    ...repeated(places.map((place) => place.location)).map((index) => ({
      path: places[index]?.path ?? ['pools'],
      message: 'is a location that stands in a pool already',
      fix: 'Put a location into one pool only: its goods would be promised twice.',
    })),
  ]
}

const ruleProblems = ({ rules, channels }: ConfigFile): readonly Problem[] => [
  ...statementProblems(rules, true).map((problem) => ({ ...problem, path: ['rules', ...problem.path] })),
  ...channels.flatMap((each, index) =>
    statementProblems(each.rules, false).map((problem) => ({ ...problem, path: ['channels', index, 'rules', ...problem.path] })),
  ),
]
/** A policy for a channel that is not there would never count. */
const reconcileProblems = ({ reconcile, channels }: ConfigFile): readonly Problem[] =>
  Object.keys(reconcile.channels)
    .filter((name) => !channels.some(({ id }) => id === name))
    .map((name) => ({
      path: ['reconcile', 'channels', name],
      message: 'is not the id of a channel',
      fix: `Use one of: ${channels.map(({ id }) => id).join(', ') || 'none is configured'}.`,
    }))

/** Never without a problem when there is no data. */
const check = <T extends z.ZodType>(
  schema: T,
  value: unknown,
  base: KeyPath,
): { data: z.output<T> | undefined; problems: readonly Problem[] } => {
  const unknown = unknownKeyProblems(unknownKeys(schema, value, base))
  const parsed = schema.safeParse(value)
  if (parsed.success) return { data: parsed.data, problems: unknown }
  const problems = [...unknown, ...issueProblems(parsed.error.issues, value, base)]
  const [issue] = parsed.error.issues
  return {
    data: undefined,
    problems:
      problems.length > 0
        ? problems
        : [{ path: [...base, ...(issue?.path ?? [])], message: issue?.message ?? 'is wrong', fix: 'Correct it.' }],
  }
}

const channelProblems = (config: ConfigFile, schemas: PlatformSchemas): { problems: readonly Problem[]; settings: readonly unknown[] } => {
  const problems: Problem[] = repeated(config.channels.map((each) => each.id)).map((index) => ({
    path: ['channels', index, 'id'],
    message: 'is the id of an earlier channel',
    fix: 'Give every channel its own id; it never changes afterwards.',
  }))
  const settings = config.channels.map((each, index): unknown => {
    const base = ['channels', index, 'settings']
    const schema = Object.hasOwn(schemas, each.platform) ? schemas[each.platform] : undefined
    if (!schema) {
      const platform = z.enum(Object.keys(schemas) as [string, ...string[]]).safeParse(each.platform)
      if (!platform.success) problems.push(...issueProblems(platform.error.issues, each.platform, ['channels', index, 'platform']))
      return null
    }
    if (Object.hasOwn(each.settings, 'id'))
      problems.push({ path: [...base, 'id'], message: 'is said already', fix: 'Remove it: the id of the channel counts.' })
    // The id is said once; adapters that want it among their own settings get it there.
    const takesId = unknownKeys(schema, { id: each.id }, []).length === 0
    const result = check(schema, takesId ? { ...each.settings, id: each.id } : each.settings, base)
    problems.push(...result.problems)
    return result.data
  })
  return { problems, settings }
}

const storeOf = (text: string): StoreConfig =>
  text.startsWith('sqlite:') ? { engine: 'sqlite', path: text.slice('sqlite:'.length) } : { engine: 'mongo', uri: text }

/** Throws `config-invalid`, `secret-missing` or `address-not-loopback`. */
export const loadConfig = <S extends PlatformSchemas>(text: string, env: Environment, platformSchemas: S): Config<S> => {
  const document = readDocument(text, env)
  const value = document.value ?? {}
  const apiKey = env[apiKeyVariable]
  const redact = createRedactor([...document.secrets, ...secretsWithin(value), ...(apiKey === undefined ? [] : [apiKey])])
  const checked = check(file, value, [])
  if (checked.data === undefined) throwProblems(checked.problems, document, redact)
  const config = checked.data as ConfigFile
  const { problems, settings } = channelProblems(config, platformSchemas)
  throwProblems([...checked.problems, ...poolProblems(config), ...ruleProblems(config), ...problems], document, redact)
  throwProblems([...checked.problems, ...poolProblems(config), ...reconcileProblems(config), ...problems], document, redact)

  const apiKeyHash = apiKeyHashFrom(env)
  if (apiKeyHash === null && !isLoopback(config.http.host))
    throw new BelayError(
      'address-not-loopback',
      `line ${document.lineOf(['http', 'host'])}, http.host: an address that others can reach needs an API key.`,
      { fix: `Set ${apiKeyVariable} (for example to the output of: openssl rand -hex 24), or set http.host to 127.0.0.1.` },
    )
  return {
    store: storeOf(config.store),
    http: { ...config.http, publicUrl: config.http.publicUrl?.replace(/\/+$/, '') ?? null },
    apiKeyHash,
    timeZone: config.timeZone,
    schedule: config.schedule,
    reports: config.reports,
    reconcilePolicyFor: (id) => reconcilePolicy(config.reconcile, id),
    pools: config.pools as unknown as readonly PoolConfig[],
    channels: config.channels.map((each, index) => ({
      id: each.id as ChannelId,
      platform: each.platform,
      mode: each.mode,
      constants: {
        ...defaultConstants(each.platform),
        ...Object.fromEntries(Object.entries(each.constants).filter(([, ms]) => ms !== undefined)),
      },
      settings: settings[index],
    })) as unknown as readonly ChannelConfig<S>[],
    policy: policyOf(config.rules, config.channels),
    redact,
  }
}

/** Where a hub that runs on this configuration is found, without its other settings and secrets. Throws `config-invalid`. */
export const hubUrlFrom = (text: string, env: Environment): string => {
  const document = readDocument(text, env, 'left')
  const value = (document.value ?? {}) as { readonly http?: unknown }
  const parsed = http.safeParse(value.http)
  if (!parsed.success) throwProblems(issueProblems(parsed.error.issues, value.http, ['http']), document, createRedactor(document.secrets))
  const { host, port: number } = parsed.data as ConfigFile['http']
  // An address that means "every interface" is no address to call.
  const callable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${callable.includes(':') ? `[${callable}]` : callable}:${number}`
}
