// Ports that do nothing, for measurements of the rest.
import type { Logger } from '../src/engine/context.ts'
import type { Metrics } from '../src/ports/metrics.ts'

export const noMetrics: Metrics = { count: () => undefined, observe: () => undefined, gauge: () => undefined }
export const silentLog: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined }
