// What daily reports need: orders by the time of their creation, incidents by state, the ledger summed by day and SKU, how channels were
// kept in step, the reports themselves and their deliveries.
import { type SchemaStep, shape } from './collection-plan.ts'

const { text, textOrNull, number, atLeast, oneOf, object } = shape

export const reports: SchemaStep = {
  title: 'daily reports',
  collections: [
    { name: 'orders', indexes: [{ name: 'byCreation', key: { createdAtMs: 1 }, serves: ['readSales', 'countOrders'] }] },
    {
      name: 'incidents',
      indexes: [{ name: 'byKind', key: { kind: 1, atMs: 1, resolvedAtMs: 1 }, serves: ['summariseIncidents'] }],
    },
    {
      name: 'skuDays',
      validator: {
        $jsonSchema: object({
          _id: text,
          day: text,
          key: text,
          sold: number,
          cancelled: number,
          shipped: number,
          returned: number,
          received: number,
          onHand: number,
          reserved: number,
          lowestFree: number,
        }),
      },
      indexes: [{ name: 'byKey', key: { key: 1, day: 1 }, serves: ['readStockRows'] }],
    },
    { name: 'skuDaysMade', validator: { $jsonSchema: object({ _id: text, fromMs: number, toMs: number }) } },
    {
      name: 'syncSlots',
      validator: { $jsonSchema: object({ _id: text, channel: text, slotMs: number, writer: text }) },
      indexes: [{ name: 'byTime', key: { slotMs: 1 }, serves: ['readSyncSlots', 'removeSyncSlotsBefore'] }],
    },
    {
      name: 'reports',
      validator: { $jsonSchema: object({ _id: text, madeAtMs: number, revision: atLeast(1), body: text }) },
    },
    {
      name: 'reportDeliveries',
      validator: {
        $jsonSchema: object({
          _id: text,
          day: text,
          target: text,
          state: oneOf('waiting', 'delivered', 'given-up'),
          attempts: atLeast(0),
          atMs: number,
          sinceMs: number,
          lastError: textOrNull,
        }),
      },
      indexes: [
        { name: 'due', key: { state: 1, atMs: 1, _id: 1 }, serves: ['dueDeliveries'] },
        { name: 'byDay', key: { day: -1, _id: -1 }, serves: ['listDeliveries'] },
      ],
    },
  ],
}
