// Ties the closed set of error codes to docs/errors.md: each code has its line there, with its kind, and nothing else has one.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type ErrorCode, errorCodes } from '../src/domain/errors.ts'

const document = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')
const rows = [...document.matchAll(/^\| `([a-z-]+)` \| (\w+) \| (.+?) \| (.+?) \|$/gm)].map(([, code, kind, meaning, fix]) => ({
  code,
  kind,
  meaning,
  fix,
}))

test('the set and the document name the same codes, in the same order', () => {
  expect(rows.map((row) => row.code)).toEqual(Object.keys(errorCodes))
})

test('the order is the alphabet', () => {
  const codes = Object.keys(errorCodes)
  expect(codes).toEqual([...codes].sort())
})

test.each(rows.map((row) => [row.code, row] as const))('%s has the kind that the engine goes by, a meaning and a fix', (code, row) => {
  expect(row.kind).toBe(errorCodes[code as ErrorCode])
  expect(row.meaning?.length).toBeGreaterThan(10)
  expect(row.fix?.length).toBeGreaterThan(10)
})
