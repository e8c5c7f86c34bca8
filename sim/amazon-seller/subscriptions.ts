// Notifications API v1: destinations and subscriptions, and what they make of an event of the shop: a message in the account's queue.
// Notices are lost, doubled and delayed as the fault plan says; without faults they are in the queue at once. A doubled notice keeps its
// NotificationId, as one that the queue delivered twice would.
import type { FaultPlan, SimulatorPorts } from '../simulator.ts'
import type { Agenda } from '../sp-api/agenda.ts'
import { chance } from '../sp-api/chance.ts'
import { type Answer, answered, type Endpoint, invalid, refusal } from '../sp-api/gateway.ts'
import type { NotificationType } from '../sp-api/model.ts'
import { type Arguments, loadOperation } from '../sp-api/operation.ts'

const payloadVersion = '1.0'
const maxDestinations = 100
const applicationId = 'amzn1.sellerapps.app.00000000-0000-4000-8000-000000000000'
const notificationTypes: readonly string[] = ['ORDER_CHANGE', 'LISTINGS_ITEM_MFN_QUANTITY_CHANGE'] satisfies readonly NotificationType[]

interface Directive {
  readonly eventFilter?: {
    readonly eventFilterType: string
    readonly orderChangeTypes?: readonly string[]
    readonly marketplaceIds?: readonly string[]
  }
  readonly filterExpression?: string
}

interface Subscription {
  readonly subscriptionId: string
  readonly payloadVersion: string
  readonly destinationId: string
  readonly processingDirective?: Directive
}

interface Destination {
  readonly destinationId: string
  readonly name: string
  readonly resource: { readonly sqs: { readonly arn: string } }
}

export interface SubscriptionsOptions {
  readonly queueName: string
  readonly region: string
  readonly marketplaceId: string
  readonly agenda: Agenda
  readonly ports: SimulatorPorts
  readonly faults: FaultPlan
  readonly enqueue: (body: string, atMs: number) => void
}

export interface Subscriptions {
  readonly endpoints: readonly Endpoint[]
  /** Tells the subscriber, if there is one. */
  publish(type: NotificationType, payload: unknown, atMs: number): void
}

const wants = (subscription: Subscription, type: NotificationType, marketplaceId: string): boolean => {
  const filter = subscription.processingDirective?.eventFilter
  if (!filter) return true
  if (filter.marketplaceIds && !filter.marketplaceIds.includes(marketplaceId)) return false
  // Every order event of this simulator is a change of status.
  return type !== 'ORDER_CHANGE' || !filter.orderChangeTypes || filter.orderChangeTypes.includes('OrderStatusChange')
}

export const createSubscriptions = (options: SubscriptionsOptions): Subscriptions => {
  const { agenda, ports, faults } = options
  const destinations = new Map<string, Destination>()
  const subscriptions = new Map<string, Subscription>()

  const createDestination = ({ body }: Arguments): Answer => {
    const { name, resourceSpecification } = body as {
      readonly name: string
      readonly resourceSpecification: { readonly sqs?: { readonly arn: string } }
    }
    const arn = resourceSpecification.sqs?.arn
    if (arn === undefined) return invalid('resourceSpecification.sqs', 'must be given: this simulator delivers to SQS only')
    const [, , , region, , queueName] = arn.split(':')
    if (region !== options.region || queueName !== options.queueName)
      return invalid('resourceSpecification.sqs.arn', 'is not a queue that Amazon may send to')
    if ([...destinations.values()].some((each) => each.resource.sqs.arn === arn))
      return refusal(409, 'Conflict', 'The destination exists already.')
    if (destinations.size >= maxDestinations) return refusal(400, 'InvalidInput', 'There are too many destinations.')
    const destination = { destinationId: ports.random.uuid(), name, resource: { sqs: { arn } } }
    destinations.set(destination.destinationId, destination)
    return answered(200, { payload: destination })
  }

  const createSubscription = ({ path, body }: Arguments): Answer => {
    const type = path['notificationType'] ?? ''
    const request = body as Omit<Subscription, 'subscriptionId'>
    const directive = request.processingDirective
    if (!notificationTypes.includes(type))
      return invalid('notificationType', `must be one of ${notificationTypes.join(', ')} in this simulator`)
    if (request.payloadVersion !== payloadVersion) return invalid('payloadVersion', `must be ${payloadVersion}`)
    if (!destinations.has(request.destinationId)) return invalid('destinationId', 'is not a destination of this application')
    if (directive?.filterExpression !== undefined) return invalid('processingDirective.filterExpression', 'is not served by this simulator')
    if (directive?.eventFilter && directive.eventFilter.eventFilterType !== type)
      return invalid('processingDirective.eventFilter.eventFilterType', `must be ${type}`)
    if (subscriptions.has(type)) return refusal(409, 'Conflict', 'A subscription to this notification type exists already.')
    const subscription = { ...request, subscriptionId: ports.random.uuid() }
    subscriptions.set(type, subscription)
    return answered(200, { payload: subscription })
  }

  const getSubscription = ({ path }: Arguments): Answer => {
    const subscription = subscriptions.get(path['notificationType'] ?? '')
    return subscription
      ? answered(200, { payload: subscription })
      : refusal(404, 'NotFound', 'There is no subscription to this notification type.')
  }

  const endpoint = (operationId: string, access: Endpoint['access'], writes: boolean, handle: Endpoint['handle']): Endpoint => ({
    operation: loadOperation('notifications', operationId),
    access,
    writes,
    handle,
  })

  return {
    endpoints: [
      endpoint('getDestinations', 'grantless', false, () => answered(200, { payload: [...destinations.values()] })),
      endpoint('createDestination', 'grantless', true, createDestination),
      endpoint('getSubscription', 'partner', false, getSubscription),
      endpoint('createSubscription', 'partner', true, createSubscription),
    ],
    publish: (type, payload, atMs) => {
      const subscription = subscriptions.get(type)
      if (!subscription || !wants(subscription, type, options.marketplaceId)) return
      if (chance(ports.random, faults.lose)) return
      const time = new Date(atMs).toISOString()
      const body = JSON.stringify({
        NotificationVersion: '1.0',
        NotificationType: type,
        PayloadVersion: payloadVersion,
        EventTime: time,
        Payload: payload,
        NotificationMetadata: {
          ApplicationId: applicationId,
          SubscriptionId: subscription.subscriptionId,
          PublishTime: time,
          NotificationId: ports.random.uuid(),
        },
      })
      const copies = chance(ports.random, faults.duplicate) ? 2 : 1
      for (let copy = 0; copy < copies; copy++) {
        if (chance(ports.random, faults.reorder))
          agenda.at(atMs + Math.floor(ports.random.next() * faults.reorderWithinMs), (deliveredAtMs) =>
            options.enqueue(body, deliveredAtMs),
          )
        else options.enqueue(body, atMs)
      }
    },
  }
}
