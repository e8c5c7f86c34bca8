// How each channel is, whoever works it: its owner knows from what its adapter did, and writes it down at most every few seconds for the
// other processes to show.
import type { ChannelId } from '../domain/ids.ts'
import type { Clock } from '../ports/clock.ts'
import type { ChannelStatus } from '../ports/hub.ts'
import type { Store } from '../ports/store.ts'
import { channelLease } from './channel-runner.ts'
import type { Logger } from './context.ts'
import type { StatusBook } from './status.ts'

const reportEveryMs = 3_000

type Observed = ReturnType<StatusBook['of']>
export type OwnedStatus = Observed & Pick<ChannelStatus, 'owner' | 'reportedAtMs'>

export interface ChannelReports {
  /** Writes what has changed, until the signal. */
  write(signal: AbortSignal): Promise<void>
  /** In the order asked. */
  read(channels: readonly ChannelId[]): Promise<readonly OwnedStatus[]>
}

export interface ChannelReportOptions {
  readonly store: Pick<Store, 'putChannelReport' | 'readChannelReports' | 'readLeases'>
  readonly clock: Clock
  readonly log: Logger
  readonly status: StatusBook
  readonly owner: string
  readonly owned: ReadonlySet<ChannelId>
}

const unheard: Observed = { health: 'starting', operations: [], lastErrors: [], throttles: 0, retries: 0 }

export const createChannelReports = ({ store, clock, log, status, owner, owned }: ChannelReportOptions): ChannelReports => {
  const written = new Map<ChannelId, string>()
  const writeChanged = async (channel: ChannelId): Promise<void> => {
    const body = JSON.stringify(status.of(channel))
    if (written.get(channel) === body) return
    await store.putChannelReport({ channel, owner, atMs: clock.nowMs(), body })
    written.set(channel, body)
  }
  return {
    write: async (signal) => {
      while (!signal.aborted) {
        for (const channel of written.keys()) if (!owned.has(channel)) written.delete(channel)
        await Promise.all([...owned].map(writeChanged)).catch((error: unknown) =>
          log.warn({ error: String(error) }, 'how the channels are could not be told to the other processes'),
        )
        await clock.sleep(reportEveryMs, signal)
      }
    },
    read: async (channels) => {
      const [leases, reports] = await Promise.all([store.readLeases(channels.map(channelLease)), store.readChannelReports(channels)])
      return channels.map((channel, i): OwnedStatus => {
        if (owned.has(channel)) return { ...status.of(channel), owner, reportedAtMs: null }
        const [lease, report] = [leases[i], reports[i]]
        const told = report ? (JSON.parse(report.body) as Observed) : unheard
        const reportedAtMs = report?.atMs ?? null
        if (lease && lease.expiresAtMs > clock.nowMs()) return { ...told, owner: lease.owner, reportedAtMs }
        // Nobody works it: its orders are not read and its quantities not set.
        return { ...told, health: lease ? 'down' : 'starting', owner: null, reportedAtMs }
      })
    },
  }
}
