// How fast a change reaches the channels.
// - Sale to push: from a sale's arrival at the hub to the request that tells another channel, on the machine's clock, over loopback HTTP:
//   idle (one sale at a time) and under load (a hundred sales a second of other goods besides, which cost no channel's quota).
// - 10,000 changed SKUs on three channels through the real engine, adapters and simulators on the simulators' virtual clock, beside the
//   fewest seconds that the documented quotas allow, and beside a hub that writes one channel after the other.
import { parseArgs } from 'node:util'
import { printTable } from './figures.ts'
import { measureBacklog } from './propagate-backlog.ts'
import { measureDelay } from './propagate-delay.ts'

export const run = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      dirty: { type: 'string', default: '10000' },
      sales: { type: 'string', default: '200' },
    },
  })
  const idle = await measureDelay(0)
  const underLoad = await measureDelay(100)
  const dirty = Number(values.dirty)
  const backlog = await measureBacklog({ skus: dirty, moves: 'down' })
  const raises = await measureBacklog({ skus: dirty, moves: 'up' })
  const comparing = await measureBacklog({ skus: dirty, moves: 'up', compares: true })
  const shopifySeconds = (measured: typeof backlog): number => measured.channels.find((c) => c.channel === 'shopify')?.virtualSeconds ?? 0
  printTable([
    { what: 'sale to push, idle', p50Ms: idle.p50Ms, p99Ms: idle.p99Ms, pushes: idle.pushes },
    { what: 'sale to push, under load', p50Ms: underLoad.p50Ms, p99Ms: underLoad.p99Ms, pushes: underLoad.pushes },
  ])
  printTable(backlog.channels)
  printTable([
    { what: 'raises on Shopify, added', virtualSeconds: shopifySeconds(raises) },
    { what: 'raises on Shopify, compared', virtualSeconds: shopifySeconds(comparing) },
  ])
  printTable([
    { dirty: backlog.dirty, virtualSeconds: backlog.virtualSeconds, quotaBoundSeconds: backlog.quotaBoundSeconds, ratio: backlog.ratio },
  ])
  const result = {
    saleToPushP50Ms: idle.p50Ms,
    saleToPushP99Ms: idle.p99Ms,
    underLoad: { salesPerSecond: underLoad.loadPerSecond, saleToPushP50Ms: underLoad.p50Ms, saleToPushP99Ms: underLoad.p99Ms },
    dirty: backlog.dirty,
    virtualSeconds: backlog.virtualSeconds,
    quotaBoundSeconds: backlog.quotaBoundSeconds,
    ratio: backlog.ratio,
    raises: {
      virtualSeconds: raises.virtualSeconds,
      shopifySeconds: shopifySeconds(raises),
      comparedShopifySeconds: shopifySeconds(comparing),
    },
    oneAfterTheOtherSeconds: backlog.oneAfterTheOtherSeconds,
    rssMiB: backlog.rssMiB,
  }
  if (values.json) console.log(JSON.stringify(result))
}
