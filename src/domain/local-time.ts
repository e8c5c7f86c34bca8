// Times as people read them: in a named time zone, always with the zone, the day only when it is another one than today.
// Pure: the zone is given, never the machine's.

/** A time told at `nowMs`: "10:04:10 CET", or "29 Nov 2026, 10:04:10 CET" when that is another day. */
export type TimeText = (atMs: number) => string

/** `timeZone`: a name of the IANA list. */
export const localTimes = (timeZone: string, nowMs: number): TimeText => {
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  })
  const day = new Intl.DateTimeFormat('en-GB', { timeZone, day: 'numeric', month: 'short', year: 'numeric' })
  const today = day.format(nowMs)
  return (atMs) => {
    const on = day.format(atMs)
    return on === today ? clock.format(atMs) : `${on}, ${clock.format(atMs)}`
  }
}
