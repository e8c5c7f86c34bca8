// The work marks inside the stock documents as a queue, under the multikey index `work` (channel, kind, priority, dueAtMs).
// A multikey index cannot give its order to a sort (MongoDB manual, "Sort by Array Field": the smallest element of the whole array
// counts, not the one that matched), so the due ones are taken out of their arrays and sorted by the server, which keeps only `limit`.
import type { Document } from 'mongodb'
import type { Store, WorkItem, WorkKind } from '../../ports/store.ts'
import type { ChannelId } from '../../domain/ids.ts'
import { stockKeyOf } from './codec.ts'
import { type Connection, reached } from './connection.ts'

/** Both priorities, so that the index's third field is bounded and its fourth can be used. */
const anyPriority = { $in: [0, 1] }

/** In the order of the steps below far more than enough: each halves what is left, on average. */
const maxSteps = 64

interface DueRow {
  readonly _id: string
  readonly priority: 0 | 1
  readonly dueAtMs: number
}

const marksOf = (channel: ChannelId, kind: WorkKind): Document => ({ channel, kind, priority: anyPriority })

export const mongoWork = (connection: Connection): Pick<Store, 'dueWork' | 'nextWorkAtMs' | 'countWork'> => {
  const { stock } = connection.collections

  const dueWork: Store['dueWork'] = ({ channel, kind, dueBeforeMs, limit }) =>
    reached(async () => {
      const due = { ...marksOf(channel, kind), dueAtMs: { $lte: dueBeforeMs } }
      const rows = await stock
        .aggregate<DueRow>([
          { $match: { work: { $elemMatch: due } } },
          { $project: { work: 1 } },
          { $unwind: '$work' },
          { $match: { 'work.channel': channel, 'work.kind': kind, 'work.dueAtMs': { $lte: dueBeforeMs } } },
          { $project: { priority: '$work.priority', dueAtMs: '$work.dueAtMs' } },
          { $sort: { priority: 1, dueAtMs: 1, _id: 1 } },
          { $limit: limit },
        ])
        .toArray()
      return rows.map(({ _id, priority, dueAtMs }): WorkItem => ({ ...stockKeyOf(_id), priority, dueAtMs }))
    })

  /**
   * Finds any mark, then any earlier one, until there is none: each look is one step in the index, and where the server walks it in
   * order there are at most two for each priority. A minimum over all marks would read every document that has one.
   */
  const nextWorkAtMs: Store['nextWorkAtMs'] = ({ channel, kind }) =>
    reached(async () => {
      let earliest: number | null = null
      for (let step = 0; step < maxSteps; step++) {
        const wanted: Document = { ...marksOf(channel, kind), ...(earliest === null ? {} : { dueAtMs: { $lt: earliest } }) }
        const found = await stock.findOne({ work: { $elemMatch: wanted } }, { projection: { work: 1 } })
        const mark = found?.work.find((each) => each.channel === channel && each.kind === kind)
        if (!mark) return earliest
        earliest = mark.dueAtMs
      }
      return earliest
    })

  const countWork: Store['countWork'] = ({ channel, kind, dueBeforeMs }) => {
    const due = dueBeforeMs === undefined ? {} : { dueAtMs: { $lte: dueBeforeMs } }
    return reached(() => stock.countDocuments({ work: { $elemMatch: { ...marksOf(channel, kind), ...due } } }))
  }

  return { dueWork, nextWorkAtMs, countWork }
}
