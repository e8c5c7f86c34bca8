// Connecting an account: subscribing its queue to the notifications, and checking everything that must be right before anything is sent.
import { BelayError, isBelayError } from '../../domain/errors.ts'
import type { CheckFinding } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import type { SpApiClient } from '../sp-api/client.ts'
import { answeredStatus } from '../sp-api/errors.ts'
import { awaitCapacity, type SellerClient } from './client.ts'
import { type AmazonSellerConfig, queueArn } from './config.ts'
import { subscribedTypes } from './inbound.ts'
import { maxSetupWaitMs, type SellerOperation, searchDelayMs } from './limits.ts'
import type { MessageQueue } from './queue.ts'

export interface Setup {
  readonly config: AmazonSellerConfig
  readonly api: SpApiClient
  readonly client: SellerClient
  readonly clock: Clock
  readonly queue: MessageQueue | null
}

const ready = (setup: Setup, operation: SellerOperation, signal: AbortSignal): Promise<void> =>
  awaitCapacity(setup.api, setup.clock, { operation, maxWaitMs: maxSetupWaitMs, signal })

const findDestination = async (setup: Setup, arn: string, signal: AbortSignal): Promise<string | null> => {
  await ready(setup, 'getDestinations', signal)
  const { payload } = await setup.client.getDestinations(signal)
  return payload?.find((each) => each.resource?.sqs?.arn === arn)?.destinationId ?? null
}

const destinationFor = async (setup: Setup, arn: string, signal: AbortSignal): Promise<string> => {
  const existing = await findDestination(setup, arn, signal)
  if (existing !== null) return existing
  await ready(setup, 'createDestination', signal)
  try {
    return (await setup.client.createDestination(`belay-${setup.config.id}`, arn, signal)).payload.destinationId
  } catch (error) {
    // Somebody else made it meanwhile.
    const made = answeredStatus(error) === 409 ? await findDestination(setup, arn, signal) : null
    if (made === null) throw error
    return made
  }
}

const subscribeTo = async (setup: Setup, type: string, destinationId: string, signal: AbortSignal): Promise<void> => {
  await ready(setup, 'createSubscription', signal)
  try {
    await setup.client.createSubscription(type, destinationId, signal)
    return
  } catch (error) {
    if (answeredStatus(error) !== 409) throw error
  }
  // One subscription for each type and application: an existing one is fine when it ends in our queue.
  await ready(setup, 'getSubscription', signal)
  const existing = await setup.client.getSubscription(type, signal)
  if (existing !== null && existing.payload.destinationId !== destinationId)
    throw new BelayError('channel-rejected', `${type} of this seller goes to another destination (${existing.payload.destinationId})`, {
      fix: 'Delete that subscription in Amazon (deleteSubscriptionById), or configure the queue it goes to.',
    })
}

/** Idempotent. Without a queue there is nothing to subscribe: polling alone finds the orders. */
export const subscribe = async (setup: Setup, signal: AbortSignal): Promise<void> => {
  if (setup.config.queue === null) return
  const destinationId = await destinationFor(setup, queueArn(setup.config.queue), signal)
  for (const type of subscribedTypes) await subscribeTo(setup, type, destinationId, signal)
}

const finding = (ok: boolean, subject: string, message: string, fix: string | null = null): CheckFinding => ({ ok, subject, message, fix })

const failed = (subject: string, error: unknown): CheckFinding => {
  if (!isBelayError(error)) throw error
  return finding(false, subject, error.message, error.fix ?? 'Try again; if it stays, look at the health page of Selling Partner API.')
}

const checkMarketplaces = async (setup: Setup, signal: AbortSignal): Promise<readonly CheckFinding[]> => {
  try {
    await ready(setup, 'getMarketplaceParticipations', signal)
    const { payload } = await setup.client.participations(signal)
    const found = new Map((payload ?? []).map((each) => [each.marketplace.id, each]))
    return [
      finding(true, 'token', 'Amazon accepts the credentials'),
      ...setup.config.marketplaceIds.map((id) => {
        const subject = `marketplace ${id}`
        const known = found.get(id)
        if (!known?.participation.isParticipating)
          return finding(
            false,
            subject,
            'the account does not sell there',
            `Use one of: ${[...found.keys()].slice(0, 20).join(', ') || 'none'}.`,
          )
        if (known.participation.hasSuspendedListings)
          return finding(false, subject, 'listings of the account are suspended there', 'See Account health in Seller Central.')
        return finding(true, subject, `the account sells in ${known.marketplace.name ?? id}`)
      }),
    ]
  } catch (error) {
    return [failed('token', error)]
  }
}

const checkRead = async (subject: string, message: string, work: () => Promise<unknown>): Promise<CheckFinding> => {
  try {
    await work()
    return finding(true, subject, message)
  } catch (error) {
    return failed(subject, error)
  }
}

/** Reads only. Costs one searchOrders of a small budget: not for a loop. */
export const check = async (setup: Setup, signal: AbortSignal): Promise<readonly CheckFinding[]> => {
  const marketplaces = await checkMarketplaces(setup, signal)
  if (marketplaces.some((each) => each.subject === 'token' && !each.ok)) return marketplaces
  const beforeMs = setup.clock.nowMs() - searchDelayMs
  const { queue } = setup
  return [
    ...marketplaces,
    await checkRead('role Product Listing', 'listings can be read', async () => {
      await ready(setup, 'searchListingsItems', signal)
      await setup.client.searchPage(undefined, 1, signal)
    }),
    await checkRead('role Inventory and Order Tracking', 'orders can be read', async () => {
      await ready(setup, 'searchOrders', signal)
      await setup.client.searchOrders({ stream: 'orders', afterMs: beforeMs - 60_000, beforeMs }, 1, undefined, signal)
    }),
    queue === null
      ? finding(true, 'queue', 'none is configured: orders are found by polling, every few minutes')
      : await checkRead('queue', 'the queue can be reached', () => queue.waiting(signal)),
  ]
}
