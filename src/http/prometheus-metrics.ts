// The Metrics port on prom-client, with the process's own figures. Metrics are made when they are first used. Nothing here ever throws
// into the engine: what cannot be kept (a bad name, too many series, other labels than before) is counted as dropped.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Metrics } from '../ports/metrics.ts'

/** From a push that leaves at once to evidence that takes an hour, seconds. */
const buckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600]
const maxMetrics = 200
/** Per metric: channels times operations times outcomes fit; an id used as a label would not. */
const maxSeries = 2000

type Labels = Readonly<Record<string, string>>

interface Kept<T> {
  readonly metric: T
  readonly labelNames: string
  readonly series: Set<string>
}

export const createPrometheusMetrics = (): Metrics & { text(): Promise<string> } => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const dropped = new Counter({
    name: 'belay_metrics_dropped_total',
    help: 'Values that could not be kept: too many series, or a name used in two ways.',
    registers: [registry],
  })
  const kept = new Map<string, Kept<Counter | Gauge | Histogram>>()

  const find = <T extends Counter | Gauge | Histogram>(
    kind: new (...args: never[]) => T,
    name: string,
    labels: Labels,
    make: (labelNames: string[]) => T,
  ): T | null => {
    const names = Object.keys(labels).sort()
    let found = kept.get(name)
    if (!found) {
      if (kept.size >= maxMetrics || !/^[a-z][a-z0-9_]*$/.test(name)) return null
      found = { metric: make(names), labelNames: names.join(), series: new Set() }
      kept.set(name, found)
    }
    if (!(found.metric instanceof kind) || found.labelNames !== names.join()) return null
    const series = names.map((each) => labels[each]).join('\u0000')
    if (!found.series.has(series)) {
      if (found.series.size >= maxSeries) return null
      found.series.add(series)
    }
    return found.metric
  }
  const help = (name: string): string => name.replaceAll('_', ' ')

  return {
    count: (name, labels, by = 1) => {
      const counter =
        by >= 0
          ? find(Counter, name, labels, (labelNames) => new Counter({ name, help: help(name), labelNames, registers: [registry] }))
          : null
      if (counter) counter.inc(labels, by)
      else dropped.inc()
    },
    observe: (name, labels, seconds) => {
      const histogram = Number.isFinite(seconds)
        ? find(
            Histogram,
            name,
            labels,
            (labelNames) => new Histogram({ name, help: help(name), labelNames, buckets, registers: [registry] }),
          )
        : null
      if (histogram) histogram.observe(labels, seconds)
      else dropped.inc()
    },
    gauge: (name, labels, value) => {
      const gauge = Number.isFinite(value)
        ? find(Gauge, name, labels, (labelNames) => new Gauge({ name, help: help(name), labelNames, registers: [registry] }))
        : null
      if (gauge) gauge.set(labels, value)
      else dropped.inc()
    },
    text: () => registry.metrics(),
  }
}
