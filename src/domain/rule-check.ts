// What a statement of a rule must satisfy, wherever it comes from: configuration, import, API. A problem names the field, what is wrong and how
// to mend it.
import type { RuleField, RuleStatement } from './stock.ts'

/** A level above this is a typing error, not a warehouse. */
export const maxRuleUnits = 10_000_000
const maxWeight = 1_000_000
const maxPriority = 1_000

export interface RuleProblem {
  readonly field: RuleField
  readonly message: string
  readonly fix: string
}

const valueMost = (mode: RuleStatement['mode']): number => {
  if (mode === 'percent') return 100
  // Without a mode it counts with the one of a more general level.
  return mode === 'velocity' || mode === 'weight' ? maxWeight : maxRuleUnits
}

/** `whole`: of the whole shelf (catalogue, SKU), where a reserve has a meaning. */
export const checkStatement = (statement: RuleStatement, whole: boolean): readonly RuleProblem[] => {
  const problems: RuleProblem[] = []
  const check = (field: RuleField, value: number | null | undefined, most: number): void => {
    if (value === undefined || value === null || (Number.isInteger(value) && value >= 0 && value <= most)) return
    const wrong = Number.isInteger(value) ? (value < 0 ? 'less than 0' : `more than ${most}`) : 'not a whole number'
    problems.push({ field, message: `is ${value}, ${wrong}`, fix: `Write a whole number from 0 to ${most}.` })
  }
  const { mode, value, reserve } = statement
  check('value', value, valueMost(mode))
  check('capUnits', statement.capUnits, maxRuleUnits)
  check('hideBelowUnits', statement.hideBelowUnits, maxRuleUnits)
  check('priority', statement.priority, maxPriority)
  check('hysteresisUnits', statement.hysteresisUnits, maxRuleUnits)
  check('bufferUnits', statement.bufferUnits, maxRuleUnits)
  if (reserve !== undefined) check('reserve', 'units' in reserve ? reserve.units : reserve.percent, 'units' in reserve ? maxRuleUnits : 100)
  if (reserve !== undefined && !whole)
    problems.push({
      field: 'reserve',
      message: 'is of the whole shelf, not of a channel',
      fix: 'Say it for the SKU or for the catalogue.',
    })
  if ((mode === 'fixed' || mode === 'percent') && value === undefined)
    problems.push({
      field: 'value',
      message: `is missing: ${mode} needs one`,
      fix: mode === 'fixed' ? 'Write the number of units in value.' : 'Write a whole percentage in value.',
    })
  return problems
}
