// What is read of the answers while connecting an account: notifications.json and sellers.json wrap theirs in `payload`.
import { z } from 'zod'

const destination = z.object({
  destinationId: z.string().min(1),
  resource: z.object({ sqs: z.object({ arn: z.string() }).nullish() }).nullish(),
})
export const destinationAnswer = z.object({ payload: destination })
export const destinationsAnswer = z.object({ payload: z.array(destination).nullish() })

export const subscriptionAnswer = z.object({
  payload: z.object({ subscriptionId: z.string(), destinationId: z.string() }),
})

export const participationsAnswer = z.object({
  payload: z
    .array(
      z.object({
        marketplace: z.object({ id: z.string(), name: z.string().nullish() }),
        participation: z.object({ isParticipating: z.boolean(), hasSuspendedListings: z.boolean().nullish() }),
      }),
    )
    .nullish(),
})
