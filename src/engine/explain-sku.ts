// The explanation of a SKU from what is stored: its documents, and of each channel the watermark of the stream that its listings rest on.
import { explainStock, type Explanation } from '../domain/explain.ts'
import type { ChannelId, Sku } from '../domain/ids.ts'
import type { KnownSettings } from '../domain/protection.ts'
import type { Policy } from '../domain/rules.ts'
import type { ChannelAdapter } from '../ports/channel.ts'
import type { Store } from '../ports/store.ts'

export interface ExplainParts {
  readonly store: Store
  readonly adapters: ReadonlyMap<ChannelId, ChannelAdapter>
  readonly settingsOf: KnownSettings
  readonly policy: Policy
  readonly nowMs: number
}

/** One explanation for each pool; [] when the SKU is not known. */
export const explainSku = async (
  sku: Sku,
  { store, adapters, settingsOf, policy, nowMs }: ExplainParts,
): Promise<readonly Explanation[]> => {
  const pools = await store.readSku(sku)
  const channels = new Set(pools.flatMap((stock) => stock.listings.map((listing) => listing.channel)))
  const watermarks = new Map<ChannelId, number | null>()
  for (const channel of channels) {
    const stream = adapters.get(channel)?.capabilities.streams[0]
    watermarks.set(channel, stream === undefined ? null : ((await store.readCursor(channel, stream))?.watermarkMs ?? null))
  }
  return pools.map((stock) => explainStock(stock, { settingsOf, watermarkOf: (channel) => watermarks.get(channel) ?? null, policy, nowMs }))
}
