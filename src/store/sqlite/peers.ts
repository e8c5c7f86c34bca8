// Signals, leases to look at, and reports of channels.
import type { ChannelId } from '../../domain/ids.ts'
import type { ChannelReport, PeerStore, SignalCounts } from '../../ports/peers.ts'
import type { Lease } from '../../ports/store.ts'
import type { Connection } from './connection.ts'

export const sqlitePeers = (connection: Connection): PeerStore => {
  const { statement } = connection
  const countsOf = (channel: ChannelId): SignalCounts => ({
    inbox: 0,
    work: 0,
    lease: 0,
    ...Object.fromEntries(
      connection.all('SELECT kind, count FROM signals WHERE channel = ?', channel).map(({ kind, count }) => [String(kind), Number(count)]),
    ),
  })
  const leaseOf = (name: string): Lease | null => {
    const [row] = connection.all('SELECT owner, token, expires_at_ms FROM leases WHERE name = ?', name)
    return row ? { name, owner: String(row['owner']), token: Number(row['token']), expiresAtMs: Number(row['expires_at_ms']) } : null
  }
  const reportOf = (channel: ChannelId): ChannelReport | null => {
    const [row] = connection.all('SELECT owner, at_ms, body FROM channel_reports WHERE channel = ?', channel)
    return row ? { channel, owner: String(row['owner']), atMs: Number(row['at_ms']), body: String(row['body']) } : null
  }
  return {
    giveSignals: async (signals) => {
      connection.write(() => {
        for (const { channel, kind } of signals)
          statement(
            'INSERT INTO signals (channel, kind, count) VALUES (?, ?, 1) ON CONFLICT (channel, kind) DO UPDATE SET count = count + 1',
          ).run(channel, kind)
      })
    },
    readSignals: async (channels) => channels.map(countsOf),
    readLeases: async (names) => names.map(leaseOf),
    putChannelReport: async ({ channel, owner, atMs, body }) => {
      connection.write(() =>
        statement(
          `INSERT INTO channel_reports (channel, owner, at_ms, body) VALUES (?, ?, ?, ?)
           ON CONFLICT (channel) DO UPDATE SET owner = excluded.owner, at_ms = excluded.at_ms, body = excluded.body`,
        ).run(channel, owner, atMs, body),
      )
    },
    readChannelReports: async (channels) => channels.map(reportOf),
  }
}
