// The state of scheduled jobs. A write carries the number of its lease; one with a lower number than what is stored changes nothing.
import type { JobState, ScheduleStore } from '../../ports/schedule.ts'
import type { Connection } from './connection.ts'

export const sqliteSchedules = (connection: Connection): ScheduleStore => ({
  readSchedule: async (name) => {
    const [row] = connection.all('SELECT body FROM schedules WHERE name = ?', name)
    return row === undefined ? null : (JSON.parse(row['body'] as string) as JobState)
  },
  writeSchedule: async (state, token) =>
    connection.write(
      () =>
        connection
          .statement(
            `INSERT INTO schedules (name, token, body) VALUES (?, ?, ?)
             ON CONFLICT (name) DO UPDATE SET token = excluded.token, body = excluded.body WHERE schedules.token <= excluded.token`,
          )
          .run(state.name, token, JSON.stringify(state)).changes === 1,
    ),
})
