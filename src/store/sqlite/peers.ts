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
    takeTurn: async (name, owner, untilMs, nowMs) =>
      connection.write(() => {
        const [known] = connection.all('SELECT owner, number, until_ms FROM turns WHERE name = ?', name)
        if (known && Number(known['until_ms']) > nowMs) return known['owner'] === owner ? Number(known['number']) : null
        const number = Number(known?.['number'] ?? 0) + 1
        statement(
          `INSERT INTO turns (name, owner, number, until_ms) VALUES (?, ?, ?, ?)
           ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, number = excluded.number, until_ms = excluded.until_ms`,
        ).run(name, owner, number, untilMs)
        return number
      }),
    endTurn: async (name, owner) => {
      connection.write(() => statement('UPDATE turns SET until_ms = 0 WHERE name = ? AND owner = ?').run(name, owner))
    },
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
