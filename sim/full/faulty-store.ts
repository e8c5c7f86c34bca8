// A process's way to the shared store: answers late, refuses, conflicts for no reason, loses commits and answers, and is where a process
// dies or stands still. What was really committed is told to `observe` at the instant at which it became durable.
import { BelayError } from '../../src/domain/errors.ts'
import type { Commit, Store } from '../../src/ports/store.ts'
import type { Dice } from '../protocol/dice.ts'
import type { Life, WorldClock } from './world-clock.ts'

/** Probabilities for each call. */
export interface StoreFaults {
  readonly slow: number
  readonly unavailable: number
  readonly conflict: number
  readonly commitLost: number
  readonly answerLost: number
  /** The process dies, before or after the call. */
  readonly crash: number
  /** The process stands still for `freezeMs` at most, before or after the call. */
  readonly freeze: number
  readonly freezeMs: number
}

export interface FaultyStoreOptions {
  readonly store: Store
  readonly life: Life
  readonly clock: WorldClock
  readonly dice: Dice
  readonly faults: () => StoreFaults
  readonly crash: (where: string) => void
  readonly observe: (commit: Commit) => void
  readonly told: () => void
}

export const never = <T>(): Promise<T> => new Promise<T>(() => undefined)

const unavailable = (): BelayError => new BelayError('store-unavailable', 'the store does not answer')

const conflictOf = (commit: Commit): Awaited<ReturnType<Store['commit']>> => ({
  ok: false,
  stock: (commit.stock ?? []).map(({ next }) => ({ sku: next.sku, pool: next.pool })),
  orders: (commit.orders ?? []).map(({ channel, orderId }) => ({ channel, orderId })),
  ledgerKeys: [],
})

export const createFaultyStore = (options: FaultyStoreOptions): Store => {
  const { store, life, clock, dice, told } = options

  /** Where a process may die or stand still. */
  const point = async (where: string): Promise<void> => {
    if (!life.alive) return never()
    const faults = options.faults()
    if (dice.chance(faults.crash)) options.crash(where)
    if (!life.alive) return never()
    if (dice.chance(faults.freeze)) life.frozenUntilMs = Math.max(life.frozenUntilMs, clock.nowMs() + dice.int(1, faults.freezeMs))
    if (life.frozenUntilMs > clock.nowMs()) await clock.pause(life.frozenUntilMs - clock.nowMs(), life)
  }

  const through = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
    await point(`before ${name}`)
    const faults = options.faults()
    if (dice.chance(faults.slow)) await clock.pause(dice.int(1, 400), life)
    if (dice.chance(faults.unavailable)) throw unavailable()
    const answer = await call()
    await point(`after ${name}`)
    return answer
  }

  const commit: Store['commit'] = async (wanted) => {
    told()
    return await through('commit', async () => {
      const faults = options.faults()
      if (dice.chance(faults.commitLost)) throw unavailable()
      if (dice.chance(faults.conflict)) return conflictOf(wanted)
      const result = await store.commit(wanted)
      if (result.ok) options.observe(wanted)
      if (dice.chance(faults.answerLost)) throw new BelayError('store-commit-unknown', 'the answer to a commit was lost')
      return result
    })
  }

  return {
    engine: store.engine,
    transfer: store.transfer,
    migrate: () => store.migrate(),
    schemaStatus: () => store.schemaStatus(),
    readSchedule: (name) => through('readSchedule', () => store.readSchedule(name)),
    countOrders: (first) => through('countOrders', () => store.countOrders(first)),
    makeSkuDay: (first) => through('makeSkuDay', () => store.makeSkuDay(first)),
    listSkuDays: (first) => through('listSkuDays', () => store.listSkuDays(first)),
    firstLedgerAtMs: () => through('firstLedgerAtMs', () => store.firstLedgerAtMs()),
    readMovements: (first, second) => through('readMovements', () => store.readMovements(first, second)),
    summariseIncidents: (first) => through('summariseIncidents', () => store.summariseIncidents(first)),
    putSyncSlots: (first) => through('putSyncSlots', () => store.putSyncSlots(first)),
    readSyncSlots: (first) => through('readSyncSlots', () => store.readSyncSlots(first)),
    removeSyncSlotsBefore: (first) => through('removeSyncSlotsBefore', () => store.removeSyncSlotsBefore(first)),
    putReport: (first) => through('putReport', () => store.putReport(first)),
    readReport: (first) => through('readReport', () => store.readReport(first)),
    listReports: (first) => through('listReports', () => store.listReports(first)),
    putDelivery: (first) => through('putDelivery', () => store.putDelivery(first)),
    readDelivery: (first) => through('readDelivery', () => store.readDelivery(first)),
    dueDeliveries: (first) => through('dueDeliveries', () => store.dueDeliveries(first)),
    listDeliveries: (first) => through('listDeliveries', () => store.listDeliveries(first)),
    readSales: (first, second) => through('readSales', () => store.readSales(first, second)),
    readStockRows: (first, second) => through('readStockRows', () => store.readStockRows(first, second)),
    writeSchedule: (state, token) => through('writeSchedule', () => store.writeSchedule(state, token)),
    putSnapshots: (rows) => through('putSnapshots', () => store.putSnapshots(rows)),
    listSnapshots: (filter) => through('listSnapshots', () => store.listSnapshots(filter)),
    removeSnapshotsReadBefore: (filter) => through('removeSnapshotsReadBefore', () => store.removeSnapshotsReadBefore(filter)),
    refreshInventory: (request) => through('refreshInventory', () => store.refreshInventory(request)),
    noteAllInventory: (after, limit) => through('noteAllInventory', () => store.noteAllInventory(after, limit)),
    countInventoryNotes: (limit) => through('countInventoryNotes', () => store.countInventoryNotes(limit)),
    removeInventoryNotes: (limit) => through('removeInventoryNotes', () => store.removeInventoryNotes(limit)),
    listInventory: (query) => through('listInventory', () => store.listInventory(query)),
    readInventory: (sku) => through('readInventory', () => store.readInventory(sku)),
    writeReconciliation: (given) => through('writeReconciliation', () => store.writeReconciliation(given)),
    readReconciliation: (given) => through('readReconciliation', () => store.readReconciliation(given)),
    openReconciliations: (given) => through('openReconciliations', () => store.openReconciliations(given)),
    listReconciliations: (given) => through('listReconciliations', () => store.listReconciliations(given)),
    removeReconciliationsBefore: (given) => through('removeReconciliationsBefore', () => store.removeReconciliationsBefore(given)),
    putFindings: (given) => through('putFindings', () => store.putFindings(given)),
    removeFindings: (given) => through('removeFindings', () => store.removeFindings(given)),
    readFinding: (given) => through('readFinding', () => store.readFinding(given)),
    listFindings: (given) => through('listFindings', () => store.listFindings(given)),
    countFindings: (given) => through('countFindings', () => store.countFindings(given)),
    putSightings: (channel, run, sightings) => through('putSightings', () => store.putSightings(channel, run, sightings)),
    readSightings: (channel, listings) => through('readSightings', () => store.readSightings(channel, listings)),
    listUnsighted: (filter) => through('listUnsighted', () => store.listUnsighted(filter)),
    close: () => Promise.resolve(),
    readState: (request) => through('readState', () => store.readState(request)),
    commit,
    appendInbox: (events) => {
      told()
      return through('appendInbox', () => store.appendInbox(events))
    },
    readInbox: (filter) => through('readInbox', () => store.readInbox(filter)),
    // Its batches are separated by turns of the event loop, which no clock of ours governs; nothing is a week old here.
    expireInbox: () => Promise.resolve(0),
    dueWork: (query) => through('dueWork', () => store.dueWork(query)),
    nextWorkAtMs: (query) => through('nextWorkAtMs', () => store.nextWorkAtMs(query)),
    countWork: (query) => through('countWork', () => store.countWork(query)),
    dueAcknowledgements: (query) => through('dueAcknowledgements', () => store.dueAcknowledgements(query)),
    findListings: (channel, keys) => through('findListings', () => store.findListings(channel, keys)),
    listListings: (filter) => through('listListings', () => store.listListings(filter)),
    readCursor: (channel, stream) => through('readCursor', () => store.readCursor(channel, stream)),
    acquireLease: (name, owner, ttlMs, nowMs) => through('acquireLease', () => store.acquireLease(name, owner, ttlMs, nowMs)),
    releaseLease: (name, owner, token) => through('releaseLease', () => store.releaseLease(name, owner, token)),
    giveSignals: (signals) => through('giveSignals', () => store.giveSignals(signals)),
    readSignals: (channels) => through('readSignals', () => store.readSignals(channels)),
    readLeases: (names) => through('readLeases', () => store.readLeases(names)),
    takeTurn: (name, owner, untilMs, nowMs) => through('takeTurn', () => store.takeTurn(name, owner, untilMs, nowMs)),
    endTurn: (name, owner) => through('endTurn', () => store.endTurn(name, owner)),
    putChannelReport: (report) => through('putChannelReport', () => store.putChannelReport(report)),
    readChannelReports: (channels) => through('readChannelReports', () => store.readChannelReports(channels)),
    listStock: (filter) => through('listStock', () => store.listStock(filter)),
    readSku: (sku) => through('readSku', () => store.readSku(sku)),
    listLedger: (filter) => through('listLedger', () => store.listLedger(filter)),
    readLedgerEntry: (key) => through('readLedgerEntry', () => store.readLedgerEntry(key)),
    listOrders: (filter) => through('listOrders', () => store.listOrders(filter)),
    listIncidents: (filter) => through('listIncidents', () => store.listIncidents(filter)),
    ledgerLevels: (keys) => through('ledgerLevels', () => store.ledgerLevels(keys)),
    counts: () => through('counts', () => store.counts()),
    readSetting: (name) => through('readSetting', () => store.readSetting(name)),
    writeSetting: (name, value) => through('writeSetting', () => store.writeSetting(name, value)),
  }
}
