// Signals, leases to look at, and reports of channels. Signals are counted up with an acknowledgement of the primary alone: one that is lost
// in a failover costs a look a little later.
import { toLease } from './leases.ts'
import type { PeerStore, SignalCounts } from '../../ports/peers.ts'
import { idOf } from './codec.ts'
import { type Connection, reached } from './connection.ts'

const none: SignalCounts = { inbox: 0, work: 0, lease: 0 }
const local = { readConcern: { level: 'local' } } as const

export const mongoPeers = ({ collections }: Connection): PeerStore => {
  const { signals, leases, channelReports } = collections
  return {
    giveSignals: (given) =>
      reached(async () => {
        if (given.length === 0) return
        const byChannel = Map.groupBy(given, ({ channel }) => channel)
        await signals.bulkWrite(
          [...byChannel].map(([channel, each]) => ({
            updateOne: { filter: { _id: channel }, update: { $inc: Object.fromEntries(each.map(({ kind }) => [kind, 1])) }, upsert: true },
          })),
          { ordered: false, writeConcern: { w: 1 } },
        )
      }),
    readSignals: (channels) =>
      reached(async () => {
        const found = await signals.find({ _id: { $in: [...channels] } }, local).toArray()
        const byId = new Map(found.map(({ _id, ...counts }) => [_id, { ...none, ...counts }]))
        return channels.map((channel) => byId.get(channel) ?? none)
      }),
    readLeases: (names) =>
      reached(async () => {
        const found = await leases.find({ _id: { $in: [...names] } }).toArray()
        const byName = new Map(found.map((document) => [idOf(document), toLease(document)]))
        return names.map((name) => byName.get(name) ?? null)
      }),
    putChannelReport: ({ channel, owner, atMs, body }) =>
      reached(async () => {
        await channelReports.updateOne({ _id: channel }, { $set: { owner, atMs, body } }, { upsert: true })
      }),
    readChannelReports: (channels) =>
      reached(async () => {
        const found = await channelReports.find({ _id: { $in: [...channels] } }).toArray()
        const byId = new Map(found.map((document) => [idOf(document), document]))
        return channels.map((channel) => {
          const report = byId.get(channel)
          return report ? { channel, owner: report.owner, atMs: report.atMs, body: report.body } : null
        })
      }),
  }
}
