// What the configuration and the API say of rules, as a schema: the shape here, the sense in domain/rule-check.ts.
import { z } from 'zod'
import { checkStatement } from '../domain/rule-check.ts'
import type { Policy } from '../domain/rules.ts'
import type { ChannelId } from '../domain/ids.ts'
import type { RuleStatement } from '../domain/stock.ts'
import type { Problem } from './problems.ts'

const whole = z.int('must be a whole number').min(0, 'must not be negative').optional()

const shape = {
  mode: z.enum(['velocity', 'weight', 'fixed', 'percent']).optional(),
  value: whole,
  /** null: no cap, whatever a more general level says. */
  capUnits: z.int('must be a whole number').min(0, 'must not be negative').nullable().optional(),
  hideBelowUnits: whole,
  priority: whole,
  hysteresisUnits: whole,
  bufferUnits: whole,
  sharing: z.enum(['strict', 'pooled']).optional(),
}

/** Of a channel, and of a SKU on a channel. */
export const channelRuleSchema = z.strictObject(shape)
/** Of the catalogue, and of a SKU: the whole shelf. */
export const wholeRuleSchema = z.strictObject({ ...shape, reserveUnits: whole, reservePercent: whole })

type Written = z.output<typeof wholeRuleSchema>

/** What is left out is not said. */
export const statementOf = ({ reserveUnits, reservePercent, ...rest }: Written): RuleStatement => {
  const reserve =
    reservePercent === undefined ? (reserveUnits === undefined ? undefined : { units: reserveUnits }) : { percent: reservePercent }
  return Object.fromEntries(Object.entries({ ...rest, reserve }).filter(([, value]) => value !== undefined))
}

/** What is wrong with it beyond its shape, with the field as it is written. */
export const statementProblems = (written: Written, isWhole: boolean): readonly (Problem & { readonly path: readonly [string] })[] => {
  const percent = written.reservePercent !== undefined
  const twice = percent && written.reserveUnits !== undefined
  return [
    ...checkStatement(statementOf(written), isWhole).map(({ field, message, fix }) => ({
      path: [field === 'reserve' ? (percent ? 'reservePercent' : 'reserveUnits') : field] as const,
      message,
      fix,
    })),
    ...(twice
      ? [
          {
            path: ['reservePercent'] as const,
            message: 'stands beside reserveUnits',
            fix: 'Say the reserve in units or in percent, not in both.',
          },
        ]
      : []),
  ]
}

export const policyOf = (catalogue: Written, channels: readonly { readonly id: string; readonly rules: Written }[]): Policy => ({
  catalogue: statementOf(catalogue),
  channels: Object.fromEntries(channels.map(({ id, rules }) => [id as ChannelId, statementOf(rules)])),
})
