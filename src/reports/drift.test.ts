import { expect, test } from 'vitest'
import type { ChannelId } from '../domain/ids.ts'
import type { FindingCount } from '../ports/reconciliations.ts'
import { driftFigures } from './drift.ts'

const shop = 'shop' as ChannelId

test('drift is told by place and kind, with what became of it', async () => {
  const counts: readonly FindingCount[] = [
    { channel: shop, kind: 'wrong-sku', state: 'mended', count: 4 },
    { channel: shop, kind: 'wrong-sku', state: 'asked', count: 2 },
    { channel: shop, kind: 'wrong-sku', state: 'dismissed', count: 1 },
    { channel: null, kind: 'levels-differ', state: 'flagged', count: 1 },
  ]
  const asked: unknown[] = []
  const store = {
    countFindings: (filter: unknown) => {
      asked.push(filter)
      return Promise.resolve(counts)
    },
  }
  expect(await driftFigures(store, { day: '2026-11-20', fromMs: 1, toMs: 9 })).toEqual({
    rows: [
      { channel: null, kind: 'levels-differ', found: 1, mended: 0, open: 1 },
      { channel: shop, kind: 'wrong-sku', found: 7, mended: 4, open: 2 },
    ],
  })
  expect(asked).toEqual([{ fromMs: 1, beforeMs: 9 }])
})
