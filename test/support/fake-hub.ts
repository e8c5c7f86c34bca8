// A hub in memory for tests of the shell: it remembers what it was asked and answers from what it was given. It decides nothing.
import { explainStock } from '../../src/domain/explain.ts'
import type { ChannelId } from '../../src/domain/ids.ts'
import { noPolicy } from '../../src/domain/rules.ts'
import type { ChannelSettings } from '../../src/domain/settings.ts'
import type { Stock } from '../../src/domain/stock.ts'
import type { ChannelAdapter, WebhookReceiver } from '../../src/ports/channel.ts'
import type { ChannelStatus, Hub, HubEvent, ImportPreview, ImportRequest, MovementRequest } from '../../src/ports/hub.ts'
import type { InboxEvent, Page, Store, StoredInboxEvent } from '../../src/ports/store.ts'

export interface FakeHub extends Hub {
  readonly moves: MovementRequest[]
  readonly imports: ImportRequest[]
  readonly previews: ImportRequest[]
  readonly received: InboxEvent[]
  /** Tells every listener. */
  emit(event: HubEvent): void
  readonly listeners: number
}

export interface FakeHubParts {
  readonly stock?: readonly Stock[]
  readonly parked?: readonly StoredInboxEvent[]
  readonly status?: readonly ChannelStatus[]
  /** What explanations are made at. */
  readonly nowMs?: number
  /** No channel is configured but these. */
  readonly settings?: readonly ChannelSettings[]
  readonly webhooks?: Readonly<Record<string, WebhookReceiver>>
  readonly store?: Partial<Store>
  readonly hub?: Partial<Hub>
}

export const emptyPreview: ImportPreview = {
  skusCreated: 0,
  levelsChanged: 0,
  listingsCreated: 0,
  listingsChanged: 0,
  unchanged: 0,
  problems: [],
  sample: [],
}

const absent = (name: string) => (): never => {
  throw new Error(`${name} is not part of this fake`)
}

const page = <T>(items: readonly T[]): Promise<Page<T>> => Promise.resolve({ items, next: null })

export const createFakeHub = (parts: FakeHubParts = {}): FakeHub => {
  const stock = parts.stock ?? []
  const listeners = new Set<(event: HubEvent) => void>()
  const given: Partial<Store> = {
    engine: 'sqlite',
    readSetting: () => Promise.resolve(null),
    listStock: ({ prefix, limit, after }) => {
      const matching = stock.filter((each) => each.sku.startsWith(prefix ?? '') && (!after || each.sku > after))
      const items = matching.slice(0, limit)
      return Promise.resolve({ items, next: matching.length > limit ? (items.at(-1)?.sku ?? null) : null })
    },
    readSku: (sku) => Promise.resolve(stock.filter((each) => each.sku === sku)),
    listOrders: () => page([]),
    listLedger: () => page([]),
    listIncidents: () => page([]),
    readInbox: ({ limit }) => Promise.resolve((parts.parked ?? []).slice(0, limit)),
    ...parts.store,
  }
  const store = new Proxy(given, { get: (target, name) => Reflect.get(target, name) ?? absent(String(name)) }) as Store
  const adapters = new Map(
    Object.entries(parts.webhooks ?? {}).map(([channel, webhook]) => [
      channel as ChannelId,
      { channel, webhook } as unknown as ChannelAdapter,
    ]),
  )
  const settingsOf = (channel: ChannelId): ChannelSettings | null => parts.settings?.find((each) => each.channel === channel) ?? null
  const moves: MovementRequest[] = []
  const imports: ImportRequest[] = []
  const previews: ImportRequest[] = []
  const received: InboxEvent[] = []
  return {
    store,
    reconciler: {
      request: absent('reconciler.request'),
      audit: absent('reconciler.audit'),
      resume: absent('reconciler.resume'),
      dismiss: absent('reconciler.dismiss'),
      answer: absent('reconciler.answer'),
    },
    adapters,
    settingsOf,
    explain: (sku) =>
      Promise.resolve(
        stock
          .filter((each) => each.sku === sku)
          .map((each) => explainStock(each, { settingsOf, watermarkOf: () => null, nowMs: parts.nowMs ?? 0 })),
      ),
    moves,
    imports,
    previews,
    received,
    move: (request) => {
      moves.push(request)
      return Promise.resolve({ outcome: 'applied', onHandUnits: request.units, reservedUnits: 0, availableUnits: request.units })
    },
    policy: noPolicy,
    setRule: absent('setRule'),
    setConnection: absent('setConnection'),
    previewImport: (request) => {
      previews.push(request)
      return Promise.resolve({ ...emptyPreview, skusCreated: request.stock.length })
    },
    applyImport: (request) => {
      imports.push(request)
      return Promise.resolve({ ...emptyPreview, skusCreated: request.stock.length })
    },
    receive: (events) => {
      received.push(...events)
      return Promise.resolve()
    },
    retryParked: () => Promise.resolve(parts.parked?.length ?? 0),
    forgetLearned: () => Promise.resolve(true),
    channelStatus: () => Promise.resolve(parts.status ?? []),
    watch: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    ...parts.hub,
    emit: (event) => {
      for (const listener of listeners) listener(event)
    },
    get listeners() {
      return listeners.size
    },
  }
}
