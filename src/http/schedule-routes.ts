// The scheduled jobs as they are: when each ran, what it did, when it runs next.
import { Hono } from 'hono'
import type { ScheduleReader } from '../ports/schedule.ts'

/** `timeZone`: the one of the cron expressions. */
export const scheduleRoutes = (schedule: ScheduleReader, timeZone: string): Hono => {
  const app = new Hono()
  app.get('/schedule', async (c) => c.json({ items: await schedule.states(), timeZone }))
  return app
}
