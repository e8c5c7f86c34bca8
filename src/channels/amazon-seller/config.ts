// Settings of one seller account, checked before anything is sent. Secrets come in already resolved from the environment and never
// leave this folder except in requests to Amazon.
import { z } from 'zod'
import { BelayError } from '../../domain/errors.ts'
import { type ChannelId, isIdText } from '../../domain/ids.ts'
import { lwaAddress, spApiAddress } from '../sp-api/endpoints.ts'
import { defaultPollEveryMs } from './limits.ts'

const secret = z.string().min(1).max(4096)
const marketplaceId = z.string().regex(/^[A-Z0-9]{8,20}$/, { error: 'must be a marketplace id such as A1PA6795UKMFR9' })

const queueSettings = z.strictObject({
  queueUrl: spApiAddress,
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, { error: 'must be an AWS region such as eu-west-1' }),
  /** Where SQS is reached; left out: the queue's own host. */
  endpoint: spApiAddress.optional(),
  /** Left out: made of region, account and name in the queue's address. */
  arn: z.string().startsWith('arn:').optional(),
  /** Both or neither; neither: what AWS's own rules find on this machine (environment, instance role). */
  accessKeyId: secret.optional(),
  secretAccessKey: secret.optional(),
})

const settings = z
  .strictObject({
    id: z.string().refine(isIdText, { error: 'must have 1 to 200 characters and no white space at either end' }),
    endpoint: spApiAddress,
    lwaEndpoint: spApiAddress.default(lwaAddress),
    /** Seller Central, Account info, "Merchant token". */
    sellerId: z.string().regex(/^[A-Z0-9]{8,20}$/, { error: 'must be the merchant token, for example A2XXXXXXXXXXXX' }),
    /** The first one is used for writes: in Europe one quantity counts for all of them. */
    marketplaceIds: z.array(marketplaceId).min(1).max(50),
    clientId: secret,
    clientSecret: secret,
    refreshToken: secret,
    /** `PRODUCT` fits every listing as long as nothing but the quantity is patched. */
    productType: z.string().min(1).max(200).default('PRODUCT'),
    /** Language of Amazon's messages about a listing. */
    issueLocale: z
      .string()
      .regex(/^[a-z]{2}_[A-Z]{2}$/, { error: 'must be a locale such as en_US' })
      .default('en_US'),
    /** Ask for prices of order lines (data set PROCEEDS). Off: reports have no revenue for this channel. */
    orderAmounts: z.boolean().default(true),
    queue: queueSettings.nullable().default(null),
    /** Time between two polls of a stream. Shorter ones need a higher rate of searchOrders than the plan's. */
    ordersEveryMs: z.int().min(1000).default(defaultPollEveryMs.orders),
    changesEveryMs: z.int().min(1000).default(defaultPollEveryMs.changes),
  })
  .refine((each) => each.queue === null || (each.queue.accessKeyId === undefined) === (each.queue.secretAccessKey === undefined), {
    error: 'needs both accessKeyId and secretAccessKey, or neither',
    path: ['queue'],
  })

export { settings as configSchema }

/** As a person writes it. */
export type AmazonSellerSettings = z.input<typeof settings>
/** Checked, with defaults. */
export type AmazonSellerConfig = Omit<z.output<typeof settings>, 'id'> & { readonly id: ChannelId }
export type QueueConfig = z.output<typeof queueSettings>

/** Throws `config-invalid` that names every wrong setting, never its value. */
export const parseAmazonSellerConfig = (value: unknown): AmazonSellerConfig => {
  const parsed = settings.safeParse(value)
  if (parsed.success) return { ...parsed.data, id: parsed.data.id as ChannelId }
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'channel'}: ${issue.message}`)
  throw new BelayError('config-invalid', `amazon-seller channel: ${problems.join('; ')}`, {
    fix: 'Correct these settings in the configuration file; the README of the channel lists them all.',
  })
}

/** `https://sqs.eu-west-1.amazonaws.com/444455556666/queue1` is `arn:aws:sqs:eu-west-1:444455556666:queue1`. */
export const queueArn = (queue: QueueConfig): string => {
  if (queue.arn !== undefined) return queue.arn
  const [account = '', name = ''] = new URL(queue.queueUrl).pathname.split('/').slice(-2)
  return `arn:aws:sqs:${queue.region}:${account}:${name}`
}
