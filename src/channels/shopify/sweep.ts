// Reading a shop back. Everything: one bulk operation, prepared by Shopify outside of the budget of points, downloaded as JSON lines and read
// item by item. Offers: level queries of a few items each, behind all that is live. Cut off, it goes on: `resume` is the bulk operation with
// the lines read of it (Shopify keeps them for seven days), or the place in the list that was asked for.
import { BelayError } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Fetch } from '../../ports/channel.ts'
import { maxSweepRows, type SweepRequest, type SweepResult, type SweptRow } from '../../ports/sweep.ts'
import { download, linesOf } from '../http/download.ts'
import { ExchangeFailure } from '../http/exchange.ts'
import { type Address, globalId, readAddress } from './addresses.ts'
import { readGroups } from './bulk-lines.ts'
import { type ShopifyClient, understood } from './client.ts'
import { failureError, quoted } from './errors.ts'
import {
  type BulkOperationNode,
  bulkInventoryQuery,
  bulkOperation,
  bulkOperationRunQuery,
  type Operation,
  type SweptItemNode,
  sweptItems,
} from './operations.ts'
import { goneRow, rowsOf } from './sweep-map.ts'

export interface SweepPorts {
  readonly client: ShopifyClient
  readonly fetch: Fetch
  readonly clock: Clock
  readonly locationIds: ReadonlySet<string>
}

/** 500 points by the published formula, which a bucket of 1,000 gives to background work when it is full. */
const itemsPerRequest = 20
/** Handed over together; grouped by location before they are asked for. */
const offersPerBatch = 100
const firstPollMs = 1_000
const maxPollMs = 15_000
/** Operations of a large shop take minutes; one that takes a day is not worth waiting for. */
const maxPreparingMs = 24 * 3_600_000
/** Another bulk query of the app is under way in the shop: asked again so often, so many times. */
const busyWaitMs = 30_000
const maxBusyWaits = 20

interface BulkPlace {
  readonly operationId: string
  readonly lines: number
  readonly readFromMs: number
}

const bulkPlaceOf = (resume: string | null): BulkPlace | null => {
  if (resume === null) return null
  try {
    const { operationId, lines, readFromMs } = JSON.parse(resume) as Partial<BulkPlace>
    return typeof operationId === 'string' && Number.isSafeInteger(lines) && Number.isSafeInteger(readFromMs)
      ? { operationId, lines: lines as number, readFromMs: readFromMs as number }
      : null
  } catch {
    return null
  }
}

const stopped = (): BelayError => new BelayError('channel-unreachable', 'the sweep was stopped')

interface Run {
  readonly ports: SweepPorts
  readonly request: SweepRequest
  calls: number
  rowsRead: number
  rowsExpected: number | null
}

const told = (run: Run): void => run.request.onProgress({ rowsRead: run.rowsRead, rowsExpected: run.rowsExpected, calls: run.calls })

const ask = async <V, D>(run: Run, operation: Operation<V, D>, variables: V): Promise<D> => {
  run.calls += 1
  return (await run.ports.client.patient(operation, variables, run.request.signal, 'background')).data
}

const rest = async (run: Run, ms: number): Promise<void> => {
  await run.ports.clock.sleep(ms, run.request.signal)
  if (run.request.signal.aborted) throw stopped()
}

const handOver = async (run: Run, rows: readonly SweptRow[], resume: string): Promise<void> => {
  await run.request.onRows({ rows, resume })
  run.rowsRead += rows.length
  told(run)
  if (run.request.signal.aborted) throw stopped()
}

const start = async (run: Run): Promise<BulkOperationNode> => {
  for (let waits = 0; ; waits++) {
    const data = await ask(run, bulkOperationRunQuery, { query: bulkInventoryQuery })
    const { node, problems } = understood(bulkOperationRunQuery.name, data, (d) => ({
      node: d.bulkOperationRunQuery?.bulkOperation ?? null,
      problems: d.bulkOperationRunQuery?.userErrors ?? [],
    }))
    if (node) return node
    const isBusy = problems.some((each) => each.code === 'OPERATION_IN_PROGRESS' || each.code === 'LIMIT_REACHED')
    if (!isBusy)
      throw new BelayError('channel-rejected', `Shopify runs no bulk query: ${quoted(problems.map((each) => each.message).join('; '))}`, {
        fix: 'Give the app the scopes read_inventory, read_locations and read_products, and install it again.',
      })
    if (waits >= maxBusyWaits)
      throw new BelayError('channel-throttled', 'another bulk query of this app is still running in the shop', {
        retryAtMs: run.ports.clock.nowMs() + busyWaitMs,
      })
    await rest(run, busyWaitMs)
  }
}

const nodeOf = async (run: Run, id: string): Promise<BulkOperationNode | null> => (await ask(run, bulkOperation, { id })).bulkOperation

/** Waits until it is there. null: it came to nothing that can be read (failed, cancelled, expired, forgotten). */
const completed = async (run: Run, place: BulkPlace): Promise<BulkOperationNode | null> => {
  const { clock } = run.ports
  for (let pauseMs = firstPollMs; clock.nowMs() - place.readFromMs < maxPreparingMs; pauseMs = Math.min(maxPollMs, pauseMs * 1.5)) {
    const node = await nodeOf(run, place.operationId)
    if (node?.status === 'COMPLETED') return node
    if (node?.status !== 'CREATED' && node?.status !== 'RUNNING') return null
    told(run)
    await rest(run, Math.round(pauseMs))
  }
  return null
}

const readFile = async (run: Run, node: BulkOperationNode, place: BulkPlace): Promise<void> => {
  const { ports, request } = run
  // Shopify gives no address where there is nothing.
  if (node.url === null) return
  const times = { readFromMs: place.readFromMs, readThroughMs: ports.clock.nowMs() }
  run.calls += 1
  const file = await download(ports, node.url, request.signal)
  if (file.status !== 200) throw new BelayError('channel-unreachable', `the bulk operation's file was answered ${file.status}`)
  const expected = Number(node.objectCount)
  run.rowsExpected = ports.locationIds.size === 1 ? Number(node.rootObjectCount) : null
  let rows: SweptRow[] = []
  let done = place.lines
  let lastLines = place.lines
  const resume = (): string => JSON.stringify({ ...place, lines: done } satisfies BulkPlace)
  for await (const { group, lines } of readGroups(linesOf(file.chunks), place.lines)) {
    rows.push(...rowsOf('shopify-bulk-level', group, ports.locationIds, times))
    while (rows.length >= maxSweepRows) {
      const batch = rows.slice(0, maxSweepRows)
      rows = rows.slice(maxSweepRows)
      // Behind this item only when all of its rows are handed over.
      if (rows.length === 0) done = lines
      await handOver(run, batch, resume())
    }
    if (rows.length === 0) done = lines
    if (lines > expected)
      throw new BelayError('channel-answer-malformed', "the bulk operation's file has more lines than it was said to have")
    lastLines = lines
  }
  if (Number.isSafeInteger(expected) && lastLines < expected)
    throw new BelayError('channel-unreachable', `the bulk operation's file ended after ${lastLines} of ${expected} lines`)
  done = lastLines
  if (rows.length > 0) await handOver(run, rows, resume())
}

const sweepEverything = async (run: Run): Promise<void> => {
  const { clock } = run.ports
  const begin = async (): Promise<BulkPlace> => {
    const readFromMs = clock.nowMs()
    const place = { operationId: (await start(run)).id, lines: 0, readFromMs }
    await handOver(run, [], JSON.stringify(place))
    return place
  }
  const earlier = bulkPlaceOf(run.request.resume)
  let place = earlier ?? (await begin())
  let node = await completed(run, place)
  if (node === null && earlier !== null) {
    // Older than Shopify keeps it: from the beginning.
    place = await begin()
    node = await completed(run, place)
  }
  if (node === null) {
    const last = await nodeOf(run, place.operationId)
    const why = last ? `${last.status}${last.errorCode === null ? '' : ` (${last.errorCode})`}` : 'unknown to it'
    throw last?.errorCode === 'ACCESS_DENIED'
      ? new BelayError('channel-permission-missing', `Shopify's bulk operation is ${why}`, {
          fix: 'Give the app the scopes read_inventory, read_locations and read_products, and install it again.',
        })
      : new BelayError('channel-unreachable', `Shopify's bulk operation is ${why}`)
  }
  await readFile(run, node, place)
}

const addressOf = (externalId: string, locationIds: ReadonlySet<string>): Address => {
  const address = readAddress(externalId)
  if (address && locationIds.has(address.locationId)) return address
  throw new BelayError('listing-address-invalid', `"${externalId.slice(0, 100)}" is not a listing of this channel`, {
    fix: 'Ask for external ids as parseListing gives them.',
  })
}

/** One request: items at one location. */
const readSome = async (run: Run, locationId: string, some: readonly Address[]): Promise<readonly SweptRow[]> => {
  const { clock, locationIds } = run.ports
  const readFromMs = clock.nowMs()
  const ids = some.map((each) => globalId('InventoryItem', each.inventoryItemId))
  const data = await ask(run, sweptItems, { ids, locationId: globalId('Location', locationId) })
  const times = { readFromMs, readThroughMs: clock.nowMs() }
  return understood(sweptItems.name, data, ({ nodes }) => {
    const items = nodes.filter((node): node is SweptItemNode => node?.kind === 'InventoryItem')
    const found = new Map(items.map((node) => [node.id, node]))
    return some.map((address) => {
      const node = found.get(globalId('InventoryItem', address.inventoryItemId))
      const own = node?.inventoryLevel
      if (!node || !own) return goneRow(address, locationIds, times)
      const { id, sku, tracked, duplicateSkuCount } = node
      const others = node.inventoryLevels.nodes.filter((each) => each.location.id !== own.location.id)
      const group = { item: { id, sku, tracked, duplicateSkuCount }, variant: node.variants?.nodes[0] ?? null, levels: [own, ...others] }
      return rowsOf('shopify-level', group, locationIds, times)[0] ?? goneRow(address, locationIds, times)
    })
  })
}

const sweepOffers = async (run: Run, externalIds: readonly string[]): Promise<void> => {
  const from = Number(run.request.resume ?? 0)
  run.rowsExpected = externalIds.length
  for (let at = Number.isSafeInteger(from) && from > 0 ? from : 0; at < externalIds.length; at += offersPerBatch) {
    const batch = externalIds.slice(at, at + offersPerBatch).map((each) => addressOf(each, run.ports.locationIds))
    const rows: SweptRow[] = []
    for (const [locationId, some] of Map.groupBy(batch, (each) => each.locationId))
      for (let first = 0; first < some.length; first += itemsPerRequest)
        rows.push(...(await readSome(run, locationId, some.slice(first, first + itemsPerRequest))))
    await handOver(run, rows, String(Math.min(at + offersPerBatch, externalIds.length)))
  }
}

export const sweepShop = async (ports: SweepPorts, request: SweepRequest): Promise<SweepResult> => {
  const run: Run = { ports, request, calls: 0, rowsRead: 0, rowsExpected: null }
  try {
    if (request.signal.aborted) throw stopped()
    if (request.scope.kind === 'everything') await sweepEverything(run)
    else await sweepOffers(run, request.scope.externalIds)
    return { complete: true, calls: run.calls }
  } catch (error) {
    if (error instanceof ExchangeFailure) throw failureError('bulk file', error, false)
    // Beginning a bulk query is a mutation to the client, but its unknown outcome costs nothing: it is only reading.
    if (error instanceof BelayError && (error.code === 'channel-timeout' || error.code === 'channel-unavailable'))
      throw new BelayError('channel-unreachable', error.message, { cause: error })
    throw error
  }
}
