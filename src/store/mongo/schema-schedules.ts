// The state of scheduled jobs (schedules.ts).
import { type SchemaStep, shape } from './collection-plan.ts'

const { text, textOrNull, number, numberOrNull, atLeast, object } = shape

export const schedules: SchemaStep = {
  title: 'scheduled jobs',
  collections: [
    {
      name: 'schedules',
      validator: {
        $jsonSchema: object({
          _id: text,
          token: atLeast(1),
          sinceMs: number,
          dueAtMs: numberOrNull,
          startedAtMs: numberOrNull,
          endedAtMs: numberOrNull,
          outcome: { enum: ['running', 'done', 'failed', null] },
          message: textOrNull,
          attempts: atLeast(0),
        }),
      },
    },
  ],
}
