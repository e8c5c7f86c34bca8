// What is wrong with a configuration, as a person reads it: key path, line, what is wrong, how to mend it. Values are never repeated,
// because any of them may be a secret.
import type { z } from 'zod'
import { BelayError } from '../domain/errors.ts'
import type { ConfigDocument, KeyPath } from './document.ts'
import { nameHint, nearestName } from './nearest-name.ts'
import type { Redact } from './redaction.ts'
import type { UnknownKey } from './unknown-keys.ts'

export interface Problem {
  readonly path: KeyPath
  readonly message: string
  readonly fix: string
}

/** More than this at once helps nobody. */
const maxShownProblems = 10

const pathText = (path: KeyPath): string =>
  path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`),
    '',
  )

const valueAt = (value: unknown, path: KeyPath): unknown =>
  path.reduce<unknown>(
    (at, part) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[part] : undefined),
    value,
  )

const expectedText: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a group of keys',
  array: 'a list',
}

/** The branch of a union that came nearest: the one with the fewest issues. */
const nearestBranch = (errors: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] =>
  errors.reduce<readonly z.core.$ZodIssue[]>((best, each) => (best.length === 0 || each.length < best.length ? each : best), [])

const valueHint = (given: unknown, values: readonly string[]): string => {
  const near = typeof given === 'string' ? nearestName(given, values) : null
  return near === null ? `Write one of: ${values.join(', ')}.` : `Did you mean "${near}"?`
}

/** `base`: where the checked value stands in the file. */
export const issueProblems = (issues: readonly z.core.$ZodIssue[], value: unknown, base: KeyPath): readonly Problem[] =>
  issues.flatMap((issue): readonly Problem[] => {
    // Reported by the walk over unknown keys, with the name that was meant.
    if (issue.code === 'unrecognized_keys') return []
    const path = [...base, ...issue.path]
    const given = valueAt(value, issue.path)
    if (issue.code === 'invalid_union' && issue.errors.length > 0) return issueProblems(nearestBranch(issue.errors), given, path)
    const key = pathText(path) || 'the file'
    if (issue.code === 'invalid_type') {
      const expected = expectedText[issue.expected] ?? issue.expected
      return given === undefined
        ? [{ path, message: 'is missing', fix: `Add ${key}: ${expected}.` }]
        : [{ path, message: `is not ${expected}`, fix: `Write ${expected} there.` }]
    }
    if (issue.code === 'invalid_value') {
      const values = issue.values.map(String)
      const message = given === undefined ? 'is missing' : `must be ${values.length === 1 ? '' : 'one of: '}${values.join(', ')}`
      return [{ path, message, fix: valueHint(given, values) }]
    }
    return [{ path, message: issue.message, fix: `Correct ${key}; docs/configuration.md says what it takes.` }]
  })

export const unknownKeyProblems = (unknown: readonly UnknownKey[]): readonly Problem[] =>
  unknown.map(({ path, key, known }) => ({ path, message: 'is not a setting', fix: nameHint(key, known) }))

/** Throws `config-invalid` when there is any problem; they are told in the order of their lines. */
export const throwProblems = (problems: readonly Problem[], document: ConfigDocument, redact: Redact): void => {
  if (problems.length === 0) return
  const told = problems
    .map((problem) => ({ ...problem, line: document.lineOf(problem.path) }))
    .sort((a, b) => a.line - b.line)
    .map((problem) => ({
      text: redact(`line ${problem.line}, ${pathText(problem.path) || 'the file'}: ${problem.message}`),
      fix: redact(problem.fix),
    }))
  const [first, ...others] = told as [(typeof told)[number], ...typeof told]
  if (others.length === 0) throw new BelayError('config-invalid', `${first.text}.`, { fix: first.fix })
  const shown = told.slice(0, maxShownProblems).map(({ text, fix }) => `\n  ${text}. ${fix}`)
  const hidden = told.length - shown.length
  throw new BelayError(
    'config-invalid',
    `The configuration has ${told.length} problems:${shown.join('')}${hidden > 0 ? `\n  and ${hidden} more` : ''}`,
    { fix: 'Correct each of these lines, then run: belay check' },
  )
}
