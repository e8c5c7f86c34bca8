// What is done about drift, by kind, for all channels and for one: `reconcile:` of the configuration. When it is done stands under `schedule:`.
import { z } from 'zod'
import type { ChannelId } from '../domain/ids.ts'
import { defaultPolicy, onlyByPerson, type ReconcilePolicy, withActions } from '../domain/reconcile-policy.ts'
import { type Action, type DriftKind, driftKinds } from '../domain/reconcile.ts'

const actionsOf = (kind: DriftKind): z.ZodType<Action> =>
  onlyByPerson.has(kind) ? z.enum(['flag', 'ask']) : z.enum(['flag', 'correct', 'ask'])

const actions = z
  .strictObject(
    Object.fromEntries(driftKinds.map((kind) => [kind, actionsOf(kind).optional()])) as Record<DriftKind, z.ZodOptional<z.ZodType<Action>>>,
  )
  .prefault({})

const count = z.int('must be a whole number').min(0, 'must not be negative')
const part = {
  actions,
  maxDifferences: count.max(10_000, 'must be at most 10000').optional(),
  maxPerMille: count.max(1000, 'must be at most 1000: all of them').optional(),
}

export const reconcileConfig = z.strictObject({ ...part, channels: z.record(z.string(), z.strictObject(part)).default({}) }).prefault({})

type Part = Omit<z.output<typeof reconcileConfig>, 'channels'>

const over = (policy: ReconcilePolicy, { actions: given, maxDifferences, maxPerMille }: Part): ReconcilePolicy => ({
  ...withActions(policy, given),
  maxDifferences: maxDifferences ?? policy.maxDifferences,
  maxPerMille: maxPerMille ?? policy.maxPerMille,
})

export const reconcilePolicy = (config: z.output<typeof reconcileConfig>, channel: ChannelId): ReconcilePolicy => {
  const own = config.channels[channel]
  const all = over(defaultPolicy, config)
  return own ? over(all, own) : all
}
