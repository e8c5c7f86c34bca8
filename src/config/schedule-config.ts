// `schedule`: other times for the hub's scheduled jobs, by name. Which names there are, the scheduler knows and refuses others.
import { z } from 'zod'
import { cronTimes } from '../engine/cron-times.ts'

const isCron = (text: string): boolean => {
  if (text === 'off') return true
  try {
    cronTimes(text, 'UTC')
    return true
  } catch {
    return false
  }
}

export const scheduleConfig = z
  .record(
    z.string(),
    z.string().refine(isCron, 'must be five fields (minute, hour, day of month, month, day of week), for example "0 6 * * *", or off'),
  )
  .default({})
