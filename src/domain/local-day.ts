// Days of a place: 'YYYY-MM-DD' in a named time zone, and the instants at which they begin and end. Right where a day has 23, 24, 24.5 or 25
// hours, begins at another time than midnight, or is left out. Pure: the zone is given, never the machine's.

/** 'YYYY-MM-DD'. Text order is time order. */
export type LocalDay = string

export interface DaySpan {
  readonly day: LocalDay
  readonly fromMs: number
  /** The first instant that is not of this day any more. */
  readonly toMs: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

const formats = new Map<string, Intl.DateTimeFormat>()
const maxFormats = 64

const formatFor = (timeZone: string): Intl.DateTimeFormat => {
  const known = formats.get(timeZone)
  if (known) return known
  // en-CA writes year-month-day.
  const made = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
  if (formats.size >= maxFormats) formats.clear()
  formats.set(timeZone, made)
  return made
}

export const localDayOf = (atMs: number, timeZone: string): LocalDay => formatFor(timeZone).format(atMs)

/** Days since 1970-01-01 of the proleptic Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
const daysFromCivil = (year: number, month: number, day: number): number => {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

const numberOfDay = (day: LocalDay): number => {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number)
  return daysFromCivil(year, month, date)
}

const dayOfNumber = (days: number): LocalDay => localDayOf(days * dayMs, 'UTC')

/** A day of the calendar, in the form that this file writes. */
export const isLocalDay = (text: string): boolean => /^(19[7-9]\d|2\d{3})-\d\d-\d\d$/.test(text) && dayOfNumber(numberOfDay(text)) === text

export const addDays = (day: LocalDay, days: number): LocalDay => dayOfNumber(numberOfDay(day) + days)

/** How many days `to` is after `from`. */
export const daysBetween = (from: LocalDay, to: LocalDay): number => numberOfDay(to) - numberOfDay(from)

/** The first instant whose day is `day` or later: what clocks of the place never do is go back to an earlier day. */
const startOf = (day: LocalDay, timeZone: string): number => {
  const utcMs = numberOfDay(day) * dayMs
  // No place is further than 14 hours from UTC; twice as far for those that changed sides.
  let before = utcMs - 28 * hourMs
  let from = utcMs + 28 * hourMs
  while (from - before > 1) {
    const middle = Math.floor((before + from) / 2)
    if (localDayOf(middle, timeZone) >= day) from = middle
    else before = middle
  }
  return from
}

export const daySpan = (day: LocalDay, timeZone: string): DaySpan => ({
  day,
  fromMs: startOf(day, timeZone),
  toMs: startOf(addDays(day, 1), timeZone),
})
