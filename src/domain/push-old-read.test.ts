// A read may be older than it looks. One that contradicts what our last write left, from a window that opened before that write's answer, is
// believed only until the next look.
import { expect, test } from 'vitest'
import { plan } from './plan.ts'
import { issuePush, recordRead } from './push.ts'
import type { ListingState } from './stock.ts'
import { listingOf, minuteMs, settingsOf, startMs, stockOf } from '../../test/support/stock-samples.ts'

const settings = settingsOf('shop')
const { constants } = settings

const read = (listing: ListingState, quantity: number, atMs: number): ListingState => {
  const issued = issuePush(listing, { id: `read at ${atMs}`, kind: 'read', quantity: 0, fromQuantity: null }, atMs)
  if (!issued) throw new Error('no room for a read')
  return recordRead(issued, `read at ${atMs}`, quantity, atMs + 100, constants).listing
}

const wrote = listingOf({
  base: 14,
  believedQuantity: 14,
  believedAtMs: startMs - 1_000,
  lastWrite: { quantity: 14, fromQuantity: 15, atMs: startMs },
})

const looks = (listing: ListingState, nowMs: number): boolean =>
  plan(
    stockOf(listing.believedQuantity ?? 0, [{ ...listing, base: listing.believedQuantity ?? 0, fences: [] }]),
    () => settings,
    nowMs,
  ).some(({ step }) => step.kind === 'read')

test('another number within the staleness of reads after a write: once more', () => {
  const doubtful = read(wrote, 15, startMs + 1_000)
  expect(doubtful).toMatchObject({ believedQuantity: 15, mayBeOld: true })
  expect(looks(doubtful, startMs + 60 * minuteMs)).toBe(true)
  const again = read(doubtful, 14, startMs + constants.readStalenessMs + 1_000)
  expect(again).toMatchObject({ believedQuantity: 14 })
  expect(again.mayBeOld).toBeUndefined()
  expect(looks(again, startMs + 120 * minuteMs)).toBe(false)
})

test('the number that was written, or a read from after the write: no doubt', () => {
  expect(read(wrote, 14, startMs + 1_000).mayBeOld).toBeUndefined()
  expect(read(wrote, 15, startMs + constants.readStalenessMs + 1_000).mayBeOld).toBeUndefined()
})
