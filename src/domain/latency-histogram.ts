// Delays counted in buckets whose width grows with the delay, so that any number of them takes a bounded place, histograms of processes and
// hours add up, and a percentile is known to within an eighth. Immutable counts by bucket number.

/** Count by bucket number, only those above 0. */
export type LatencyHistogram = Readonly<Record<string, number>>

/** Buckets of an octave: upper bounds grow by 2^(1/8), 9 %. */
const perOctave = 8
/** 2^27 ms is 37 hours; longer delays count as that. */
const maxBucket = 27 * perOctave

/** Bucket 0 holds 0 and 1 ms; bucket n holds what is above the bound of n - 1, up to its own. */
const boundMs = (bucket: number): number => 2 ** (bucket / perOctave)

const latencyBucket = (delayMs: number): number =>
  delayMs <= 1 ? 0 : Math.min(maxBucket, Math.ceil(Math.log2(delayMs) * perOctave - 1e-9))

export const addLatency = (histogram: LatencyHistogram, delayMs: number): LatencyHistogram => {
  const bucket = latencyBucket(delayMs)
  return { ...histogram, [bucket]: (histogram[bucket] ?? 0) + 1 }
}

export const mergeHistograms = (histograms: readonly LatencyHistogram[]): LatencyHistogram => {
  const sum: Record<string, number> = {}
  for (const histogram of histograms) for (const bucket in histogram) sum[bucket] = (sum[bucket] ?? 0) + (histogram[bucket] ?? 0)
  return sum
}

export const latencyCount = (histogram: LatencyHistogram): number => Object.values(histogram).reduce((sum, count) => sum + count, 0)

/** At least `percent` of the delays were no longer than this; whole milliseconds; null: there are none. */
export const latencyPercentileMs = (histogram: LatencyHistogram, percent: number): number | null => {
  const total = latencyCount(histogram)
  if (total === 0) return null
  let left = Math.max(1, Math.ceil((total * percent) / 100))
  const buckets = Object.keys(histogram)
    .map(Number)
    .sort((a, b) => a - b)
  for (const bucket of buckets) {
    left -= histogram[bucket] ?? 0
    if (left <= 0) return Math.ceil(boundMs(bucket))
  }
  return Math.ceil(boundMs(maxBucket))
}
