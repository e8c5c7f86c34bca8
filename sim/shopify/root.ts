// The fields of QueryRoot and Mutation that are simulated. Any other one is an error that says so.
import { GraphQLError } from 'graphql'
import type { BulkOperations } from './bulk.ts'
import { gid, gidType, isoSeconds, numericId } from './identifiers.ts'
import { createInventoryWrites } from './inventory-writes.ts'
import { apiVersion } from './options.ts'
import type { CancelReason } from './orders.ts'
import { connectionOf, type PageArguments } from './paging.ts'
import { createOrderPresenter } from './present-orders.ts'
import { type Context, createStockPresenter, digits, type Node, shopNode } from './present-stock.ts'
import { parseSearch, type SearchFields } from './search.ts'
import type { Shop } from './shop.ts'
import { type Item, type Location, onHandStates } from './stock.ts'
import type { Subscription } from './webhooks.ts'

type Page = PageArguments & { readonly query?: string | null; readonly sortKey?: string | null }
interface ById {
  readonly id: string
}

const maxNodeIds = 250

const scopeOfTopic = (topic: string): string | null => {
  if (topic.startsWith('ORDERS_') || topic.startsWith('REFUNDS_')) return 'read_orders'
  if (topic.startsWith('INVENTORY_')) return 'read_inventory'
  return topic.startsWith('PRODUCTS_') ? 'read_products' : null
}

const isDeliverable = (uri: string): boolean => {
  if (!URL.canParse(uri)) return false
  const { protocol, hostname } = new URL(uri)
  // Shopify takes https only; a shop that is simulated on this machine may also be answered on it.
  return protocol === 'https:' || (protocol === 'http:' && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname))
}

export const createRoot = (shop: Shop, bulk: () => BulkOperations): { readonly query: Node; readonly mutation: Node } => {
  const { stock } = shop
  const present = createStockPresenter(shop)
  const orders = createOrderPresenter(shop, present)
  const writes = createInventoryWrites(shop, present)

  const sorted = (page: Page, known: readonly string[]): void => {
    if (page.sortKey && !known.includes(page.sortKey)) throw new GraphQLError(`sortKey: ${page.sortKey} is not simulated`)
  }

  const itemFields: SearchFields<Item> = {
    id: { kind: 'number', read: (item) => BigInt(item.id) },
    sku: { kind: 'text', read: (item) => item.sku },
    created_at: { kind: 'time', read: () => stock.createdAtMs },
    updated_at: { kind: 'time', read: () => stock.createdAtMs },
  }
  const variantFields: SearchFields<Item> = {
    ...itemFields,
    id: { kind: 'number', read: (item) => BigInt(item.variantId) },
    product_id: { kind: 'number', read: (item) => BigInt(item.productId) },
    barcode: { kind: 'text', read: (item) => item.barcode },
    title: { kind: 'text', read: (item) => item.title },
  }
  const items = (page: Page, context: Context, fields: SearchFields<Item>, presentItem: (item: Item) => Node): unknown => {
    const { matches } = parseSearch(page.query, fields)
    const nodes = stock.items.filter(matches)
    return connectionOf({ nodes, keyOf: (item) => ({ value: 0, sequence: item.sequence }), present: presentItem }, page, context.bulk)
  }

  const subscriptionNode = (each: Subscription): Node => ({
    ...each,
    __typename: 'WebhookSubscription',
    id: gid('WebhookSubscription', each.id),
    legacyResourceId: each.id,
    apiVersion: { handle: apiVersion, displayName: apiVersion, supported: true },
    createdAt: isoSeconds(each.createdAtMs),
    updatedAt: isoSeconds(each.createdAtMs),
    metafields: [],
  })

  const byType: Readonly<Record<string, (id: string) => Node | null>> = {
    InventoryItem: (id) => maybe(stock.item(digits('InventoryItem', id)), present.item),
    ProductVariant: (id) => maybe(stock.variant(digits('ProductVariant', id)), present.variant),
    Product: (id) => maybe(stock.product(digits('Product', id)), present.product),
    Location: (id) => maybe(stock.location(digits('Location', id)), present.location),
    InventoryLevel: present.levelById,
    Order: (id) => maybe(shop.orders.order(digits('Order', id)), orders.order),
    FulfillmentOrder: (id) =>
      maybe(shop.orders.fulfillmentOrder(digits('FulfillmentOrder', id)), (each) =>
        shop.isRouted(each.order) ? orders.fulfillmentOrder(each.order, each.fulfillmentOrder) : null,
      ),
  }
  const node = (id: string): Node | null => {
    const type = gidType(id)
    if (type === null) throw new GraphQLError(`Invalid global id '${id}'`, { extensions: { code: 'argumentLiteralsIncompatible' } })
    const find = byType[type]
    if (!find) throw new GraphQLError(`node(id:) of type ${type} is not simulated`)
    return find(id)
  }

  const query: Node = {
    shop: () => shopNode(shop),
    currentAppInstallation: () => ({
      __typename: 'AppInstallation',
      id: gid('AppInstallation', numericId('AppInstallation', 0)),
      accessScopes: [...shop.scopes].map((handle) => ({ handle, description: handle.replaceAll('_', ' ') })),
    }),
    inventoryProperties: () => ({
      quantityNames: [...onHandStates, 'incoming', 'on_hand'].map((name) => ({
        name,
        displayName: name,
        isInUse: true,
        belongsTo: (onHandStates as readonly string[]).includes(name) ? ['on_hand'] : [],
        comprises: name === 'on_hand' ? onHandStates : [],
      })),
    }),
    node: ({ id }: ById) => node(id),
    nodes: ({ ids }: { readonly ids: readonly string[] }) => {
      if (ids.length > maxNodeIds) {
        throw new GraphQLError(`The input array size of ${ids.length} is greater than the maximum allowed of ${maxNodeIds}.`, {
          extensions: { code: 'MAX_INPUT_SIZE_EXCEEDED' },
        })
      }
      return ids.map(node)
    },
    inventoryItem: ({ id }: ById) => byType['InventoryItem']!(id),
    inventoryLevel: ({ id }: ById) => present.levelById(id),
    productVariant: ({ id }: ById) => byType['ProductVariant']!(id),
    product: ({ id }: ById) => byType['Product']!(id),
    location: ({ id }: { readonly id?: string | null }) => (id == null ? present.location(stock.locations[0]!) : byType['Location']!(id)),
    order: ({ id }: ById) => byType['Order']!(id),
    fulfillmentOrder: ({ id }: ById) => byType['FulfillmentOrder']!(id),
    inventoryItems: (page: Page, context: Context) => items(page, context, itemFields, present.item),
    productVariants: (page: Page, context: Context) => {
      sorted(page, ['ID'])
      return items(page, context, variantFields, present.variant)
    },
    products: (page: Page, context: Context) => {
      sorted(page, ['ID'])
      return items(page, context, { ...itemFields, id: variantFields['product_id']!, title: variantFields['title']! }, present.product)
    },
    locations: (page: Page & { readonly includeInactive?: boolean }, context: Context) => {
      sorted(page, ['NAME', 'ID'])
      const fields: SearchFields<Location> = {
        name: { kind: 'text', read: (each) => each.name },
        id: { kind: 'number', read: (each) => BigInt(each.id) },
      }
      const { matches } = parseSearch(page.query, fields)
      const nodes = stock.locations.filter((each) => (each.isActive || page.includeInactive) && matches(each))
      return connectionOf(
        { nodes, keyOf: (each) => ({ value: 0, sequence: each.sequence }), present: present.location },
        page,
        context.bulk,
      )
    },
    orders: (page: Page, context: Context) => orders.orders(page, context),
    webhookSubscriptions: (page: Page & { readonly topics?: readonly string[] | null; readonly uri?: string | null }, context: Context) => {
      if (page.query) throw new GraphQLError('webhookSubscriptions(query:) is not simulated')
      const nodes = shop.webhooks
        .subscriptions()
        .filter((each) => (page.topics?.includes(each.topic) ?? true) && (page.uri == null || page.uri === each.uri))
      return connectionOf(
        { nodes, keyOf: (each) => ({ value: 0, sequence: each.sequence }), present: subscriptionNode },
        page,
        context.bulk,
      )
    },
    webhookSubscription: ({ id }: ById) =>
      maybe(
        shop.webhooks.subscriptions().find((each) => each.id === digits('WebhookSubscription', id)),
        subscriptionNode,
      ),
    bulkOperation: ({ id }: ById, context: Context) => bulk().byId(id, context),
    job: ({ id }: ById) => ({ __typename: 'Job', id: gid('Job', digits('Job', id)), done: true }),
  }

  interface WebhookInput {
    readonly uri?: string | null
    readonly callbackUrl?: string | null
    readonly format?: string | null
    readonly name?: string | null
    readonly filter?: string | null
    readonly includeFields?: readonly string[] | null
    readonly metafieldNamespaces?: readonly string[] | null
  }
  const subscribe = ({
    topic,
    webhookSubscription: wanted,
  }: {
    readonly topic: string
    readonly webhookSubscription: WebhookInput
  }): Node => {
    const refuse = (field: readonly string[], message: string): Node => ({ webhookSubscription: null, userErrors: [{ field, message }] })
    const uri = wanted.uri ?? wanted.callbackUrl ?? ''
    if (!isDeliverable(uri))
      return refuse(['webhookSubscription', 'uri'], 'Address is invalid: only https is supported (http on this machine only)')
    if (wanted.format === 'XML') return refuse(['webhookSubscription', 'format'], 'The format XML is not simulated')
    if (wanted.filter) return refuse(['webhookSubscription', 'filter'], 'A filter is not simulated')
    const scope = scopeOfTopic(topic)
    if (scope !== null && !shop.scopes.has(scope)) {
      return refuse(
        ['topic'],
        `You do not have permission to create or update webhooks with the topic ${topic}: the access scope ${scope} is missing.`,
      )
    }
    const created = shop.webhooks.subscribe({
      topic,
      uri,
      format: 'JSON',
      name: wanted.name ?? null,
      filter: null,
      includeFields: wanted.includeFields ?? [],
      metafieldNamespaces: wanted.metafieldNamespaces ?? [],
    })
    if (!created) return refuse(['webhookSubscription', 'uri'], 'Address for this topic has already been taken')
    return { webhookSubscription: subscriptionNode(created), userErrors: [] }
  }

  const mutation: Node = {
    ...writes,
    webhookSubscriptionCreate: subscribe,
    webhookSubscriptionDelete: ({ id }: ById) =>
      shop.webhooks.unsubscribe(digits('WebhookSubscription', id))
        ? { deletedWebhookSubscriptionId: id, userErrors: [] }
        : { deletedWebhookSubscriptionId: null, userErrors: [{ field: ['id'], message: 'Webhook subscription does not exist' }] },
    orderCancel: (args: { readonly orderId: string; readonly reason: CancelReason; readonly restock: boolean }) => {
      const order = shop.orders.order(digits('Order', args.orderId))
      const refuse = (code: string, message: string): Node => ({
        job: null,
        orderCancelUserErrors: [{ code, field: ['orderId'], message }],
        userErrors: [{ field: ['orderId'], message }],
      })
      if (!order) return refuse('NOT_FOUND', 'Order does not exist')
      if (!shop.cancel(order, { restock: args.restock, reason: args.reason }))
        return refuse('INVALID', 'Cannot cancel a fulfilled or cancelled order')
      // Shopify does this in the background; here it is done when the answer leaves.
      return {
        job: { __typename: 'Job', id: gid('Job', numericId('Job', order.sequence)), done: true },
        orderCancelUserErrors: [],
        userErrors: [],
      }
    },
    bulkOperationRunQuery: (
      { query: text, groupObjects }: { readonly query: string; readonly groupObjects: boolean },
      context: Context,
    ) => {
      return bulk().run(text, groupObjects, context)
    },
    bulkOperationCancel: ({ id }: ById, context: Context) => bulk().cancel(id, context),
  }
  return { query, mutation }
}

const maybe = <T>(value: T | undefined, presentIt: (value: T) => Node | null): Node | null =>
  value === undefined ? null : presentIt(value)
