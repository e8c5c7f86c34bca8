// What the processes that share a store tell each other about the channel accounts. Never needed for correctness: whoever hears nothing looks
// for work by itself a little later, and who owns a channel is decided by its lease.
import type { ChannelId } from '../domain/ids.ts'
import type { Lease } from './store.ts'

/** inbox: an event waits. work: something is due, or the stock of a listing changed. lease: its owner has given it up. */
export type SignalKind = 'inbox' | 'work' | 'lease'

export interface Signal {
  readonly channel: ChannelId
  readonly kind: SignalKind
}

/** How often each signal was given so far; only that it grew says something. */
export type SignalCounts = Readonly<Record<SignalKind, number>>

/** What the owner of a channel says of it, for the other processes to show. */
export interface ChannelReport {
  readonly channel: ChannelId
  readonly owner: string
  readonly atMs: number
  /** JSON text. */
  readonly body: string
}

export interface PeerStore {
  /** One small write for all of them, outside of any transaction; not necessarily durable. At most 1,000. */
  giveSignals(signals: readonly Signal[]): Promise<void>
  /** One read, in the order asked. */
  readSignals(channels: readonly ChannelId[]): Promise<readonly SignalCounts[]>
  /** In the order asked, expired and released ones included; null: never taken. */
  readLeases(names: readonly string[]): Promise<readonly (Lease | null)[]>
  /**
   * Takes a turn that is over, or goes on with one's own: its number, which grows by one with each that is taken. null: another has it. Not
   * durable for certain, and no guard: turns are manners, leases are rights.
   */
  takeTurn(name: string, owner: string, untilMs: number, nowMs: number): Promise<number | null>
  endTurn(name: string, owner: string): Promise<void>
  /** Written over the one before. */
  putChannelReport(report: ChannelReport): Promise<void>
  /** In the order asked; null: none yet. */
  readChannelReports(channels: readonly ChannelId[]): Promise<readonly (ChannelReport | null)[]>
}
