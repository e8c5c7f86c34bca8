// The state of scheduled jobs. A write carries the number of its lease; one with a lower number than what is stored changes nothing.
import type { ScheduleStore } from '../../ports/schedule.ts'
import type { ScheduleDocument } from './codec.ts'
import { type Connection, isDuplicateKey, reached } from './connection.ts'

export const mongoSchedules = ({ collections }: Connection): ScheduleStore => ({
  readSchedule: (name) =>
    reached(async () => {
      const found = await collections.schedules.findOne({ _id: name })
      if (!found) return null
      const { _id, token: _token, ...state } = found
      return { name: _id, ...state }
    }),
  writeSchedule: ({ name, ...state }, token) =>
    reached(async () => {
      try {
        // A document with a higher number does not match, and the insert that follows finds its key taken.
        const replacement: Omit<ScheduleDocument, '_id'> = { ...state, token }
        await collections.schedules.replaceOne({ _id: name, token: { $lte: token } }, replacement, { upsert: true })
        return true
      } catch (error) {
        if (isDuplicateKey(error)) return false
        throw error
      }
    }),
})
