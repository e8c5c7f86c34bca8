// Runs of reconciliation: written by one at a time; findings counted for reports; what a run did not see found without holding all keys.
import { describe, expect, test } from 'vitest'
import type { ChannelId, ListingId } from '../../src/domain/ids.ts'
import { findingOf, listingOf, runOf, sightingOf, startMs } from '../support/store-samples.ts'
import type { MakeStore, Shared } from './store.ts'

const channel = 'reconciled' as ChannelId

export const describeReconciliations = (shared: Shared, make: MakeStore): void => {
  describe('reconciliations', () => {
    test('a run is written in place of the version that it names, and of no other', async () => {
      const { store, reopen } = shared()
      const run = runOf('once', { explained: { 'open-push': 2 }, found: { 'lost-write': 1 } })
      expect(await store.writeReconciliation(run)).toBe(true)
      expect(await store.writeReconciliation(run)).toBe(false)
      expect(await store.writeReconciliation({ ...run, version: 2, state: 'reading', resume: 'r' })).toBe(true)
      expect(await store.writeReconciliation({ ...run, version: 2, state: 'failed' })).toBe(false)
      expect(await (await reopen()).readReconciliation('once')).toEqual({ ...run, version: 2, state: 'reading', resume: 'r' })
      expect(await store.readReconciliation('none')).toBeNull()
    })

    test('open runs of a channel, oldest first; audits of the books are a channel of their own', async () => {
      const { store } = shared()
      for (const [i, state] of (['stopped', 'done', 'queued', 'failed'] as const).entries())
        await store.writeReconciliation(runOf(`open-${i}`, { channel, state, requestedAtMs: startMs - i }))
      await store.writeReconciliation(runOf('books', { channel: null }))
      expect((await store.openReconciliations(channel)).map(({ id }) => id)).toEqual(['open-2', 'open-0'])
      expect(await store.openReconciliations(null)).toEqual([runOf('books', { channel: null })])
      const first = await store.listReconciliations({ channel, after: null, limit: 3 })
      expect(first.items.map(({ id }) => id)).toEqual(['open-0', 'open-1', 'open-2'])
      const { items } = await store.listReconciliations({ channel, after: first.next, limit: 3 })
      expect(items.map(({ id }) => id)).toEqual(['open-3'])
      expect((await store.listReconciliations({ channel: null, after: null, limit: 3 })).items.map(({ id }) => id)).toEqual(['books'])
    })

    test('findings are written over, read by run and state, in pages, and removed', async () => {
      const { store } = shared()
      await store.putFindings(['c', 'a', 'b'].map((id) => findingOf('r1', id)))
      await store.putFindings([findingOf('r10', 'x'), findingOf('r1', 'b', { state: 'mended' })])
      const first = await store.listFindings({ run: 'r1', after: null, limit: 2 })
      expect(first.items).toEqual([findingOf('r1', 'a'), findingOf('r1', 'b', { state: 'mended' })])
      expect((await store.listFindings({ run: 'r1', after: first.next, limit: 2 })).items).toEqual([findingOf('r1', 'c')])
      expect((await store.listFindings({ run: 'r1', state: 'mended', after: null, limit: 9 })).items.map(({ id }) => id)).toEqual(['r1/b'])
      await store.removeFindings(['r1/a', 'r1/none'])
      expect(await store.readFinding('r1/a')).toBeNull()
      expect(await store.readFinding('r1/c')).toEqual(findingOf('r1', 'c'))
    })

    test('findings are counted by channel, kind and state, without what is pending and what a dry run found', async () => {
      const { store, destroy } = await make()
      const at = (foundAtMs: number) => ({ foundAtMs })
      await store.putFindings([
        findingOf('d', '1', at(10)),
        findingOf('d', '2', { ...at(19), state: 'mended' }),
        findingOf('d', '3', { ...at(19), state: 'mended' }),
        findingOf('d', '4', at(20)),
        findingOf('d', '5', at(9)),
        findingOf('d', '6', { ...at(15), kind: null, state: 'pending' }),
        findingOf('d', '7', { ...at(15), dryRun: true }),
        findingOf('d', '8', { ...at(15), channel: null, kind: 'levels-differ', state: 'flagged' }),
      ])
      expect(await store.countFindings({ fromMs: 10, beforeMs: 20 })).toEqual([
        { channel: null, kind: 'levels-differ', state: 'flagged', count: 1 },
        { channel: 'shop', kind: 'lost-write', state: 'asked', count: 1 },
        { channel: 'shop', kind: 'lost-write', state: 'mended', count: 2 },
      ])
      await destroy()
    })

    test('old runs that are over are removed with their findings', async () => {
      const { store, destroy } = await make()
      await store.writeReconciliation(runOf('old', { state: 'done' }))
      await store.writeReconciliation(runOf('old2', { state: 'queued' }))
      await store.writeReconciliation(runOf('new', { state: 'done', requestedAtMs: startMs + 5 }))
      await store.putFindings([findingOf('old', 'a'), findingOf('old2', 'a'), findingOf('new', 'a')])
      expect(await store.removeReconciliationsBefore(startMs + 5)).toBe(1)
      expect(await store.readReconciliation('old')).toBeNull()
      expect(await store.readFinding('old/a')).toBeNull()
      expect(await store.readFinding('old2/a')).not.toBeNull()
      expect(await store.readFinding('new/a')).not.toBeNull()
      await destroy()
    })

    test('listings that a run did not see', async () => {
      const { store } = shared()
      const seen = 'seen-channel' as ChannelId
      const ids = ['a', 'b', 'c', 'd', 'e'].map((id) => `shop/${id}-seen`)
      await store.commit({
        listings: ids.map((id) => ({ ...listingOf(id, [id], seen), id: id as ListingId })),
      })
      await store.putSightings(
        seen,
        'first',
        ids.map((id) => sightingOf('', { listing: id as ListingId, agreedAtMs: 5, elsewhereQuantity: 2 })),
      )
      await store.putSightings(seen, 'second', [
        sightingOf('', { listing: ids[1] as ListingId }),
        sightingOf('', { listing: ids[3] as ListingId }),
      ])
      const unseen: string[] = []
      let after: string | null = null
      for (let page = 0; page < 9; page++) {
        const { items, next }: { items: readonly { id: string }[]; next: string | null } = await store.listUnsighted({
          channel: seen,
          run: 'second',
          after,
          limit: 2,
        })
        unseen.push(...items.map(({ id }) => id))
        after = next
        if (next === null) break
      }
      expect(unseen).toEqual([ids[0], ids[2], ids[4]])
      const known = await store.readSightings(seen, [ids[0] as ListingId, ids[1] as ListingId, 'shop/none' as ListingId])
      expect([...known.values()]).toEqual([
        sightingOf('', { listing: ids[0] as ListingId, agreedAtMs: 5, elsewhereQuantity: 2 }),
        sightingOf('', { listing: ids[1] as ListingId }),
      ])
    })
  })
}
