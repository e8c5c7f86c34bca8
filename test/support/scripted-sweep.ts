// A scripted channel that can be read back whole: its offers are what its script shows, with whatever a test changed about them.
import type { WriteClass } from '../../src/domain/stock.ts'
import type { ChannelAdapter, ChannelCapabilities } from '../../src/ports/channel.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { ObservedOffer, SweptRow } from '../../src/ports/sweep.ts'
import { type Script, scriptedChannel } from './scripted-channel.ts'

export interface SweepScript extends Script {
  /** What an offer shows besides its quantity. Of one that the hub does not know: all there is. */
  readonly offers: Map<string, Partial<ObservedOffer>>
  /** Offers that are not there any more. */
  readonly gone: Set<string>
  /** Called after each batch of a sweep of everything. */
  onBatch: (batches: number) => void
  sweeps: number
  /** Offers that were asked for one by one. */
  readonly asked: string[]
}

export const sweepScript = (script: Script): SweepScript => ({
  ...script,
  offers: new Map(),
  gone: new Set(),
  onBatch: () => undefined,
  sweeps: 0,
  asked: [],
})

const batchSize = 10

export const sweepingChannel = (
  channel: string,
  writeClass: WriteClass,
  script: SweepScript,
  clock: Clock,
  capabilities: Partial<ChannelCapabilities> = {},
): ChannelAdapter => {
  const rowOf = (externalId: string): SweptRow => {
    const gone = script.gone.has(externalId)
    const observed: ObservedOffer = {
      externalId,
      keys: [externalId],
      sku: externalId,
      quantity: gone ? null : (script.shown.get(externalId) ?? 0),
      state: gone ? 'gone' : 'live',
      fulfilment: 'MFN',
      tracked: true,
      sellsBelowZero: false,
      offersWithSku: 1,
      unitsPerListing: null,
      elsewhere: [],
      ...script.offers.get(externalId),
    }
    return {
      source: 'shopify-level',
      key: externalId,
      row: { id: externalId, available: observed.quantity },
      observed,
      readFromMs: clock.nowMs(),
      readThroughMs: clock.nowMs(),
    }
  }
  return {
    ...scriptedChannel(channel, writeClass, script, capabilities),
    sweep: async ({ scope, resume, onRows, onProgress, signal }) => {
      script.sweeps += 1
      if (scope.kind === 'offers') {
        script.asked.push(...scope.externalIds)
        await onRows({ rows: scope.externalIds.map(rowOf), resume: 'end' })
        return { complete: true, calls: 1 }
      }
      const all = [...new Set([...script.shown.keys(), ...script.offers.keys()])].filter((id) => !script.gone.has(id)).sort()
      let calls = 0
      for (let from = resume === null ? 0 : Number(resume); from < all.length; from += batchSize) {
        if (signal.aborted) return { complete: false, calls }
        calls += 1
        await onRows({ rows: all.slice(from, from + batchSize).map(rowOf), resume: String(from + batchSize) })
        onProgress({ rowsRead: from + batchSize, rowsExpected: all.length, calls })
        script.onBatch(calls)
      }
      return { complete: true, calls }
    },
  }
}
