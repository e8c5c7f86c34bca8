// Small arithmetic and printing that the measurements share.

/** Of sorted values; NaN when there are none. */
export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

/** The middle one; NaN when there are none. */
export const median = (values: readonly number[]): number =>
  percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  )

/** Resident memory of this process, whole MiB. */
export const residentMebibytes = (): number => Math.round(process.memoryUsage.rss() / 1024 / 1024)

export const printTable = (rows: readonly object[]): void => {
  if (rows.length > 0) console.table(rows)
}
