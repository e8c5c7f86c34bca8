// Runs of reconciliation, their findings, and when each listing was last seen (reconciliations.ts).
import { type SchemaStep, shape } from './collection-plan.ts'

const { text, textOrNull, number, numberOrNull, atLeast, object } = shape

export const reconciliations: SchemaStep = {
  title: 'reconciliation',
  collections: [
    {
      name: 'reconciliations',
      validator: { $jsonSchema: object({ _id: text, channel: text, version: atLeast(1), state: text, requestedAtMs: number }) },
      indexes: [
        {
          name: 'open',
          key: { channel: 1, requestedAtMs: 1 },
          serves: ['openReconciliations'],
          options: { partialFilterExpression: { open: true } },
        },
        { name: 'byChannel', key: { channel: 1, requestedAtMs: -1, _id: -1 }, serves: ['listReconciliations'] },
        { name: 'byTime', key: { requestedAtMs: -1, _id: -1 }, serves: ['listReconciliations', 'removeReconciliationsBefore'] },
      ],
    },
    {
      name: 'findings',
      validator: { $jsonSchema: object({ _id: text, channel: text, kind: textOrNull, state: text, foundAtMs: number, evidence: text }) },
      indexes: [
        {
          name: 'byTime',
          key: { foundAtMs: 1, channel: 1, kind: 1, state: 1 },
          serves: ['countFindings'],
          options: { partialFilterExpression: { counts: true } },
        },
      ],
    },
    {
      name: 'sightings',
      validator: {
        $jsonSchema: object({ _id: text, run: text, sku: textOrNull, elsewhereQuantity: numberOrNull, agreedAtMs: numberOrNull }),
      },
    },
  ],
}
