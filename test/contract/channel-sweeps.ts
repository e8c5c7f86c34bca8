// Contract: reading a whole channel back. Each offer is told once, as the platform shows it; a sweep that is cut off goes on where it was; it
// never takes from the rate budget what live pushes need.
import { describe, expect, test } from 'vitest'
import type { SweepRequest, SweepResult, SweptRow } from '../../src/ports/sweep.ts'
import { maxSweepRows } from '../../src/ports/sweep.ts'
import { type ChannelRig, type ChannelUnderTest, withRig } from '../support/in-process-channels.ts'
import { where } from '../support/in-process-skips.ts'
import { isTaken, offerAt, pushOne, unstopped, writeOf } from './channel-pushing.ts'

interface Swept {
  readonly rows: SweptRow[]
  readonly resumes: string[]
  readonly progress: { readonly rowsRead: number; readonly rowsExpected: number | null; readonly calls: number }[]
  result: SweepResult | null
}

const newSwept = (): Swept => ({ rows: [], resumes: [], progress: [], result: null })

interface SweepOptions {
  readonly scope?: SweepRequest['scope']
  readonly resume?: string | null
  readonly signal?: AbortSignal
  /** Called after each batch. */
  readonly afterBatch?: (swept: Swept) => void
}

const sweepInto = async (rig: ChannelRig, swept: Swept, options: SweepOptions = {}): Promise<Swept> => {
  swept.result = await rig.adapter.sweep({
    scope: options.scope ?? { kind: 'everything' },
    resume: options.resume ?? null,
    signal: options.signal ?? unstopped(),
    onProgress: (progress) => swept.progress.push(progress),
    onRows: ({ rows, resume }) => {
      expect(rows.length).toBeLessThanOrEqual(maxSweepRows)
      swept.rows.push(...rows)
      swept.resumes.push(resume)
      options.afterBatch?.(swept)
      return Promise.resolve()
    },
  })
  return swept
}

const sweep = (rig: ChannelRig, options: SweepOptions = {}): Promise<Swept> => rig.run(sweepInto(rig, newSwept(), options))

/** The row of an offer; rows of Amazon's own stock are no rows of it. */
const rowOf = (swept: Swept, externalId: string): SweptRow | undefined =>
  swept.rows.find((each) => each.observed?.externalId === externalId && each.source !== 'amazon-fba-summary')

const stableId = (rig: ChannelRig, offer: string): string => rig.adapter.parseListing(offer).externalId

const many = (count: number) => Array.from({ length: count }, (_, index) => ({ sku: `ITEM-${index}`, quantity: index % 50 }))

const seesAll = (rig: ChannelRig, swept: Swept): void => {
  for (const offer of rig.offers) {
    const { externalId, keys } = rig.adapter.parseListing(offer)
    const row = rowOf(swept, externalId)
    expect(row?.observed?.quantity).toBe(rig.simulator.market.liveQuantity(offer))
    expect(row?.observed?.state).toBe('live')
    expect(row?.observed?.fulfilment).toBe('MFN')
    for (const key of keys) expect(row?.observed?.keys).toContain(key)
    expect(row?.readThroughMs).toBeGreaterThanOrEqual(row?.readFromMs ?? Number.MAX_SAFE_INTEGER)
    expect(row?.readThroughMs).toBeLessThanOrEqual(rig.clock.nowMs())
  }
  const keys = swept.rows.map((each) => `${each.source} ${each.key}`)
  expect(new Set(keys).size, 'each thing once').toBe(keys.length)
}

export const describeSweeps = (channel: ChannelUnderTest): void => {
  const { traits } = channel
  describe('sweeps', () => {
    test(
      'everything: each offer once, with its SKU and its number, in bounded batches',
      where(traits.readable, () =>
        withRig(channel, { items: many(1_150) }, async (rig) => {
          const startedMs = rig.clock.nowMs()
          const swept = await sweep(rig)
          expect(swept.result?.complete).toBe(true)
          seesAll(rig, swept)
          expect(swept.rows[0]?.readFromMs).toBeGreaterThanOrEqual(startedMs)
          expect(swept.progress.at(-1)?.rowsRead).toBe(swept.rows.length)
          expect(swept.result?.calls).toBeGreaterThan(2)
          expect(swept.result?.calls, 'far less than one for each offer').toBeLessThan(30)
          expect(rig.wire.throttled).toBe(0)
        }),
      ),
    )

    test(
      'cut off in the middle, it goes on where it was',
      where(traits.readable, () =>
        withRig(channel, { items: many(1_150) }, async (rig) => {
          const stopping = new AbortController()
          const swept = newSwept()
          const first = sweepInto(rig, swept, { signal: stopping.signal, afterBatch: ({ rows }) => rows.length >= 500 && stopping.abort() })
          await expect(rig.run(first)).rejects.toMatchObject({ code: 'channel-unreachable' })
          expect(swept.rows).toHaveLength(500)
          const rest = await sweep(rig, { resume: swept.resumes.at(-1) ?? null })
          expect(rest.result?.complete).toBe(true)
          expect(rest.rows.length).toBeLessThan(700)
          seesAll(rig, { ...rest, rows: [...swept.rows, ...rest.rows] })
          expect(rest.result?.calls).toBeLessThan(swept.progress.at(-1)?.calls ?? 0)
        }),
      ),
    )

    test(
      'cut off while the platform prepares, it does not ask for it again',
      where(traits.readable, () =>
        withRig(channel, {}, async (rig) => {
          const stopping = new AbortController()
          const swept = newSwept()
          const first = sweepInto(rig, swept, { signal: stopping.signal, afterBatch: () => stopping.abort() })
          await expect(rig.run(first)).rejects.toMatchObject({ code: 'channel-unreachable' })
          expect(swept.rows).toHaveLength(0)
          seesAll(rig, await sweep(rig, { resume: swept.resumes.at(-1) ?? null }))
          const preparing = Object.entries(rig.simulator.requestCounts()).filter(([name]) =>
            /createReport|bulkOperationRunQuery/.test(name),
          )
          expect(preparing.map(([, count]) => count)).toEqual([1])
        }),
      ),
    )

    test(
      'what a place in an earlier sweep leads nowhere: it begins anew',
      where(traits.readable, () =>
        withRig(channel, {}, async (rig) => {
          for (const resume of ['', 'nonsense', '{}']) {
            const swept = await sweep(rig, { resume })
            expect(swept.result?.complete).toBe(true)
            seesAll(rig, swept)
          }
        }),
      ),
    )

    test(
      'offers: those asked for, live, one answer each, gone ones too',
      where(traits.readable, () =>
        withRig(channel, { items: many(45) }, async (rig) => {
          const { backstage } = rig.simulator
          const asked = rig.offers.slice(3, 40)
          const [edited = '', gone = ''] = asked
          expect(backstage.editQuantity(edited, 77)).toBe(true)
          expect(backstage.remove(gone)).toBe(true)
          const ids = asked.map((offer) => stableId(rig, offer))
          const swept = await sweep(rig, { scope: { kind: 'offers', externalIds: ids } })
          expect(swept.result?.complete).toBe(true)
          expect(swept.rows.map((each) => each.observed?.externalId ?? '').toSorted()).toEqual(ids.toSorted())
          expect(rowOf(swept, stableId(rig, edited))?.observed).toMatchObject({ quantity: 77, state: 'live' })
          expect(rowOf(swept, stableId(rig, gone))?.observed).toMatchObject({ quantity: null, state: 'gone' })
          for (const offer of asked.filter((each) => each !== gone))
            expect(rowOf(swept, stableId(rig, offer))?.observed?.quantity).toBe(rig.simulator.market.liveQuantity(offer))
          expect(swept.result?.calls).toBeLessThan(10)
        }),
      ),
    )

    test(
      'an offer taken off sale is inactive, a deleted one is not seen, in either scope',
      where(traits.readable, () =>
        withRig(channel, {}, async (rig) => {
          const [off = '', gone = ''] = rig.offers
          const ids = [stableId(rig, off), stableId(rig, gone)]
          rig.simulator.backstage.setOnSale(off, false)
          rig.simulator.backstage.remove(gone)
          const all = await sweep(rig)
          expect(rowOf(all, ids[0] ?? '')?.observed?.state).toBe('inactive')
          expect(rowOf(all, ids[1] ?? '')).toBeUndefined()
          const some = await sweep(rig, { scope: { kind: 'offers', externalIds: ids } })
          expect(ids.map((id) => rowOf(some, id)?.observed?.state)).toEqual(['inactive', 'gone'])
        }),
      ),
    )

    test(
      'throttled by the platform it waits, and goes on',
      where(traits.readable, () =>
        withRig(channel, { items: many(45) }, async (rig) => {
          rig.simulator.faults.throttle = 0.3
          const ids = rig.offers.map((offer) => stableId(rig, offer))
          expect((await sweep(rig, { scope: { kind: 'offers', externalIds: ids } })).rows).toHaveLength(45)
          seesAll(rig, await sweep(rig))
        }),
      ),
    )

    test(
      'a platform that fails ends it with an error that can be tried again, and a stop ends it at once',
      where(traits.readable, () =>
        withRig(channel, {}, async (rig) => {
          rig.simulator.faults.errorBefore = 1
          await expect(rig.run(sweepInto(rig, newSwept()))).rejects.toMatchObject({ kind: 'retryable' })
          rig.simulator.faults.errorBefore = 0
          const requests = rig.wire.requests
          await expect(rig.run(sweepInto(rig, newSwept(), { signal: AbortSignal.abort() }))).rejects.toMatchObject({ kind: 'retryable' })
          expect(rig.wire.requests).toBe(requests)
        }),
      ),
    )

    test(
      'updates whose outcome the platform tells are told, with no number of what it shows now',
      where(traits.settles, () =>
        withRig(channel, {}, async (rig) => {
          const [taken = '', hanging = ''] = rig.offers
          await pushOne(rig, writeOf(rig, taken, 3))
          await rig.clock.advance(traits.effectWithinMs)
          await pushOne(rig, writeOf(rig, hanging, 4))
          const swept = await sweep(rig, { scope: { kind: 'offers', externalIds: rig.offers } })
          expect(swept.result?.complete, 'nothing lists what is on offer').toBe(false)
          expect(swept.rows).toMatchObject([
            {
              source: 'vendor-transaction',
              key: taken,
              row: { availableQuantity: 3, status: 'Success' },
              observed: { externalId: taken, quantity: null, fulfilment: 'DF', keys: [taken] },
            },
          ])
        }),
      ),
    )

    test(
      "Amazon's own reports are read by day and item; cut off, a report is not asked for again",
      where(traits.settles, () =>
        withRig(channel, {}, async (rig) => {
          const { market } = rig.simulator
          const stopping = new AbortController()
          const swept = newSwept()
          const first = sweepInto(rig, swept, { signal: stopping.signal, afterBatch: ({ rows }) => rows.length > 0 && stopping.abort() })
          await expect(rig.run(first)).rejects.toMatchObject({ code: 'channel-unreachable' })
          const rest = await sweep(rig, { resume: swept.resumes.at(-1) ?? null })
          const rows = [...swept.rows, ...rest.rows]
          const purchased = market.offers().filter((each) => each.externalId.startsWith('retail/'))
          for (const source of ['vendor-inventory', 'vendor-sales']) {
            const own = rows.filter((each) => each.source === source)
            expect(own).toHaveLength(purchased.length * 7)
            expect(new Set(own.map((each) => each.key)).size).toBe(own.length)
            expect(own.every((each) => each.observed === null && each.row['startDate'] === each.row['endDate'])).toBe(true)
            expect(
              own
                .map((each) => String(each.row['startDate']))
                .toSorted()
                .at(-1),
            ).toBe('2026-11-21')
          }
          expect(rig.simulator.requestCounts()['reports.createReport']).toBe(2)
        }),
      ),
    )

    test(
      'a long sweep leaves room: a write a second goes out at once, all the time',
      where(traits.readable, () =>
        withRig(channel, { items: many(600) }, async (rig) => {
          const ids = rig.offers.map((offer) => stableId(rig, offer))
          const state = { done: false }
          const swept = newSwept()
          const sweeping = sweepInto(rig, swept, { scope: { kind: 'offers', externalIds: [...ids, ...ids, ...ids] } }).finally(() => {
            state.done = true
          })
          let sent = 0
          while (!state.done) {
            expect(rig.adapter.capacity('push').items).toBeGreaterThan(0)
            expect(rig.adapter.capacity('read').items).toBeGreaterThan(0)
            const outcome = await pushOne(rig, writeOf(rig, offerAt(rig, sent % 600), 100 + (sent % 3), { key: `live#${sent}` }))
            expect(isTaken(outcome) || outcome.kind === 'stale', JSON.stringify(outcome)).toBe(true)
            sent += 1
            await rig.clock.advance(1_000)
          }
          await rig.run(sweeping)
          expect(sent, 'it was long enough to meet them').toBeGreaterThan(10)
          expect(swept.rows).toHaveLength(1_800)
          expect(rig.wire.throttled).toBe(0)
        }),
      ),
    )
  })
}
