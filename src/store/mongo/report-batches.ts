// A cursor's documents in batches, each taken before the next is asked for.
import type { AggregationCursor } from 'mongodb'
import type { OnRows } from '../../ports/reports.ts'

const batchRows = 1000

export const batchesOf = async <T>(cursor: AggregationCursor<T>, onRows: OnRows<T>): Promise<void> => {
  let batch: T[] = []
  for await (const row of cursor) {
    batch.push(row)
    if (batch.length < batchRows) continue
    await onRows(batch)
    batch = []
  }
  if (batch.length > 0) await onRows(batch)
}
