// Signals, leases to look at, and reports of channels. Signals are counted up with an acknowledgement of the primary alone: one that is lost
// in a failover costs a look a little later.
import { toLease } from './leases.ts'
import type { PeerStore, SignalCounts } from '../../ports/peers.ts'
import { idOf, type TurnDocument } from './codec.ts'
import { type Connection, isDuplicateKey, reached } from './connection.ts'

const none: SignalCounts = { inbox: 0, work: 0, lease: 0 }
const local = { readConcern: { level: 'local' } } as const
const primaryAlone = { writeConcern: { w: 1 } } as const

export const mongoPeers = ({ collections }: Connection): PeerStore => {
  const { signals, leases, channelReports, turns } = collections
  const firstTurn = async (document: TurnDocument): Promise<number | null> => {
    try {
      await turns.insertOne(document, primaryAlone)
      return document.number
    } catch (error) {
      if (isDuplicateKey(error)) return null
      throw error
    }
  }
  return {
    giveSignals: (given) =>
      reached(async () => {
        if (given.length === 0) return
        const byChannel = Map.groupBy(given, ({ channel }) => channel)
        await signals.bulkWrite(
          [...byChannel].map(([channel, each]) => ({
            updateOne: { filter: { _id: channel }, update: { $inc: Object.fromEntries(each.map(({ kind }) => [kind, 1])) }, upsert: true },
          })),
          { ordered: false, ...primaryAlone },
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
    takeTurn: (name, owner, untilMs, nowMs) =>
      reached(async () => {
        const known = await turns.findOne({ _id: name }, local)
        if (!known) return firstTurn({ _id: name, owner, number: 1, untilMs })
        const { number } = known
        if (known.untilMs > nowMs) return known.owner === owner ? number : null
        const taken = await turns.updateOne({ _id: name, number }, { $set: { owner, untilMs }, $inc: { number: 1 } }, primaryAlone)
        return taken.matchedCount === 0 ? null : number + 1
      }),
    endTurn: (name, owner) =>
      reached(async () => {
        await turns.updateOne({ _id: name, owner }, { $set: { untilMs: 0 } }, primaryAlone)
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
