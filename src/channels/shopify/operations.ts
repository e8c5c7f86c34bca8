// Every GraphQL document that is sent, with the types of its variables and its answer (hand-written; a test validates the documents
// against the official 2026-10 schema, and real calls against its input types). `points` estimates the requested cost by the published
// formula: an object 1, a connection 2 and its `first` times the cost of a node, a mutation 10.

export interface Operation<V, D> {
  /** The platform's own name of what is asked. */
  readonly name: string
  readonly document: string
  readonly write: boolean
  readonly points: (variables: V) => number
  /** Never set; carries the answer's type. */
  readonly answer?: D
}

export interface Page<T> {
  readonly nodes: readonly T[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

export interface Reference {
  readonly id: string
}

const pageInfo = 'pageInfo { hasNextPage endCursor }'

// ---- stock ----

export interface SetQuantitiesVariables {
  readonly key: string
  readonly input: {
    readonly name: 'available'
    readonly reason: string
    readonly referenceDocumentUri: string
    readonly quantities: readonly {
      readonly inventoryItemId: string
      readonly locationId: string
      readonly quantity: number
      readonly changeFromQuantity: number
    }[]
  }
}

export interface UserError {
  readonly code?: string | null
  readonly field: readonly string[] | null
  readonly message: string
}

export interface SetQuantitiesData {
  readonly inventorySetQuantities: {
    readonly inventoryAdjustmentGroup: {
      readonly id: string
      readonly changes: readonly {
        readonly name: string
        readonly quantityAfterChange: number | null
        readonly item: Reference | null
        readonly location: Reference | null
      }[]
    } | null
    readonly userErrors: readonly UserError[]
  } | null
}

export const setQuantities: Operation<SetQuantitiesVariables, SetQuantitiesData> = {
  name: 'inventorySetQuantities',
  write: true,
  points: () => 10,
  document: `mutation SetQuantities($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id changes(quantityNames: ["available"]) { name quantityAfterChange item { id } location { id } } }
    userErrors { code field message }
  }
}`,
}

export interface AdjustQuantitiesVariables {
  readonly key: string
  readonly input: {
    readonly name: 'available'
    readonly reason: string
    readonly referenceDocumentUri: string
    readonly changes: readonly {
      readonly inventoryItemId: string
      readonly locationId: string
      readonly delta: number
      readonly changeFromQuantity: null
    }[]
  }
}

export interface AdjustQuantitiesData {
  readonly inventoryAdjustQuantities: SetQuantitiesData['inventorySetQuantities']
}

export const adjustQuantities: Operation<AdjustQuantitiesVariables, AdjustQuantitiesData> = {
  name: 'inventoryAdjustQuantities',
  write: true,
  points: () => 10,
  document: `mutation AdjustQuantities($input: InventoryAdjustQuantitiesInput!, $key: String!) {
  inventoryAdjustQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id changes(quantityNames: ["available"]) { name quantityAfterChange item { id } location { id } } }
    userErrors { code field message }
  }
}`,
}

export interface QuantityRow {
  readonly name: string
  readonly quantity: number
}

export interface LevelNode {
  readonly kind: string
  readonly id?: string
  readonly tracked?: boolean
  readonly inventoryLevel?: { readonly id: string; readonly quantities: readonly QuantityRow[] } | null
  readonly variants?: { readonly nodes: readonly VariantPolicy[] } | null
}

export interface VariantPolicy {
  readonly id: string
  readonly inventoryPolicy: 'DENY' | 'CONTINUE'
}

/** An item, its level, one quantity, and up to 3 variants. */
const levelPoints = 1 + 1 + 1 + 2 + 3

export const levels: Operation<
  { readonly ids: readonly string[]; readonly locationId: string },
  { readonly nodes: readonly (LevelNode | null)[] }
> = {
  name: 'inventoryLevels',
  write: false,
  points: ({ ids }) => ids.length * levelPoints,
  document: `query Levels($ids: [ID!]!, $locationId: ID!) {
  nodes(ids: $ids) {
    kind: __typename
    ... on InventoryItem {
      id tracked
      inventoryLevel(locationId: $locationId) { id quantities(names: ["available"]) { name quantity } }
      variants(first: 3) { nodes { id inventoryPolicy } }
    }
  }
}`,
}

export interface LocationLevel {
  readonly id: string
  readonly quantities: readonly QuantityRow[]
  readonly item: {
    readonly id: string
    readonly sku: string | null
    readonly tracked: boolean
    readonly variants: { readonly nodes: readonly (VariantPolicy & { readonly displayName: string })[] } | null
  }
}

export const levelsAtLocation: Operation<
  { readonly locationId: string; readonly first: number; readonly after: string | null },
  { readonly location: { readonly id: string; readonly inventoryLevels: Page<LocationLevel> } | null }
> = {
  name: 'location.inventoryLevels',
  write: false,
  points: ({ first }) => 3 + first * (1 + 1 + 1 + 3),
  document: `query LevelsAtLocation($locationId: ID!, $first: Int!, $after: String) {
  location(id: $locationId) {
    id
    inventoryLevels(first: $first, after: $after) {
      nodes {
        id
        quantities(names: ["available"]) { name quantity }
        item { id sku tracked variants(first: 1) { nodes { id inventoryPolicy displayName } } }
      }
      ${pageInfo}
    }
  }
}`,
}

// ---- orders ----

export interface Money {
  readonly shopMoney: { readonly amount: string; readonly currencyCode?: string }
}

export interface LineNode {
  readonly id: string
  readonly quantity: number
  readonly currentQuantity: number
  readonly unfulfilledQuantity: number
  readonly requiresShipping: boolean
  readonly isGiftCard: boolean
  readonly variant: { readonly id: string; readonly inventoryItem: { readonly id: string; readonly tracked: boolean } } | null
  readonly originalUnitPriceSet?: Money
  readonly discountAllocations?: readonly { readonly allocatedAmountSet: Money }[]
  readonly taxLines?: readonly { readonly priceSet: Money }[]
}

export interface OrderNode {
  readonly kind?: string
  readonly id: string
  readonly createdAt: string
  readonly updatedAt: string
  readonly cancelledAt: string | null
  readonly taxesIncluded: boolean
  readonly lineItems: Page<LineNode>
}

const lineFragment = `fragment Line on LineItem {
  id quantity currentQuantity unfulfilledQuantity requiresShipping isGiftCard
  variant { id inventoryItem { id tracked } }
  originalUnitPriceSet @include(if: $amounts) { shopMoney { amount currencyCode } }
  discountAllocations @include(if: $amounts) { allocatedAmountSet { shopMoney { amount } } }
  taxLines @include(if: $amounts) { priceSet { shopMoney { amount } } }
}`

const headFragment = `fragment Head on Order {
  id createdAt updatedAt cancelledAt taxesIncluded
  lineItems(first: $lines) { nodes { ...Line } ${pageInfo} }
}`

const linePoints = (amounts: boolean): number => (amounts ? 11 : 3)
const headPoints = (lines: number, amounts: boolean): number => 3 + lines * linePoints(amounts)

export const ordersUpdated: Operation<
  {
    readonly query: string
    readonly first: number
    readonly lines: number
    readonly after: string | null
    readonly amounts: boolean
  },
  { readonly orders: Page<OrderNode> }
> = {
  name: 'orders',
  write: false,
  points: ({ first, lines, amounts }) => 2 + first * headPoints(lines, amounts),
  document: `query OrdersUpdated($query: String!, $first: Int!, $lines: Int!, $after: String, $amounts: Boolean!) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) { nodes { ...Head } ${pageInfo} }
}
${headFragment}
${lineFragment}`,
}

export const ordersById: Operation<
  { readonly ids: readonly string[]; readonly lines: number; readonly amounts: boolean },
  { readonly nodes: readonly (OrderNode | null)[] }
> = {
  name: 'order',
  write: false,
  points: ({ ids, lines, amounts }) => ids.length * headPoints(lines, amounts),
  document: `query OrdersById($ids: [ID!]!, $lines: Int!, $amounts: Boolean!) {
  nodes(ids: $ids) { kind: __typename ...Head }
}
${headFragment}
${lineFragment}`,
}

export const orderLines: Operation<
  { readonly id: string; readonly first: number; readonly after: string | null; readonly amounts: boolean },
  { readonly order: { readonly id: string; readonly lineItems: Page<LineNode> } | null }
> = {
  name: 'order.lineItems',
  write: false,
  points: ({ first, amounts }) => 3 + first * linePoints(amounts),
  document: `query OrderLines($id: ID!, $first: Int!, $after: String, $amounts: Boolean!) {
  order(id: $id) { id lineItems(first: $first, after: $after) { nodes { ...Line } ${pageInfo} } }
}
${lineFragment}`,
}

export interface FulfillmentLine {
  readonly quantity: number | null
  readonly lineItem: Reference
}

export interface RefundLine {
  readonly quantity: number
  readonly restockType: 'CANCEL' | 'LEGACY_RESTOCK' | 'NO_RESTOCK' | 'RETURN'
  readonly lineItem: Reference
}

export interface FulfillmentOrderLine {
  readonly remainingQuantity: number
  readonly lineItem: Reference
}

export interface FulfillmentNode {
  readonly id: string
  readonly status: string
  readonly location: Reference | null
  readonly fulfillmentLineItems: Page<FulfillmentLine>
}

export interface RefundNode {
  readonly id: string
  readonly createdAt: string | null
  readonly refundLineItems: Page<RefundLine>
}

export interface FulfillmentOrderNode {
  readonly id: string
  readonly status: string
  readonly createdAt: string
  readonly updatedAt: string
  readonly assignedLocation: { readonly location: Reference | null }
  readonly lineItems: Page<FulfillmentOrderLine>
}

export interface DetailNode {
  readonly kind?: string
  readonly id: string
  readonly fulfillments: readonly FulfillmentNode[]
  readonly refunds: readonly RefundNode[]
  readonly fulfillmentOrders?: Page<FulfillmentOrderNode>
}

/** What happened to an order's units: shipped, refunded, assigned. `parts` of each kind, `lines` of each part. */
export const orderDetails: Operation<
  { readonly ids: readonly string[]; readonly parts: number; readonly lines: number; readonly locations: boolean },
  { readonly nodes: readonly (DetailNode | null)[] }
> = {
  name: 'order.details',
  write: false,
  points: ({ ids, parts, lines, locations }) => ids.length * (1 + parts * ((locations ? 3 : 2) * (3 + lines * 2) + 2)),
  document: `query OrderDetails($ids: [ID!]!, $parts: Int!, $lines: Int!, $locations: Boolean!) {
  nodes(ids: $ids) {
    kind: __typename
    ... on Order {
      id
      fulfillments(first: $parts) {
        id status location { id }
        fulfillmentLineItems(first: $lines) { nodes { quantity lineItem { id } } ${pageInfo} }
      }
      refunds(first: $parts) {
        id createdAt
        refundLineItems(first: $lines) { nodes { quantity restockType lineItem { id } } ${pageInfo} }
      }
      fulfillmentOrders(first: $parts) @include(if: $locations) {
        nodes {
          id status createdAt updatedAt assignedLocation { location { id } }
          lineItems(first: $lines) { nodes { remainingQuantity lineItem { id } } ${pageInfo} }
        }
        ${pageInfo}
      }
    }
  }
}`,
}

export interface PartNode {
  readonly kind: string
  readonly fulfillmentLineItems?: Page<FulfillmentLine>
  readonly refundLineItems?: Page<RefundLine>
  readonly lineItems?: Page<FulfillmentOrderLine>
}

/** Further lines of one fulfilment, refund or fulfilment order. */
export const partLines: Operation<
  { readonly id: string; readonly first: number; readonly after: string | null },
  { readonly node: PartNode | null }
> = {
  name: 'order.details.lines',
  write: false,
  points: ({ first }) => 3 + first * 2,
  document: `query PartLines($id: ID!, $first: Int!, $after: String) {
  node(id: $id) {
    kind: __typename
    ... on Fulfillment { fulfillmentLineItems(first: $first, after: $after) { nodes { quantity lineItem { id } } ${pageInfo} } }
    ... on Refund { refundLineItems(first: $first, after: $after) { nodes { quantity restockType lineItem { id } } ${pageInfo} } }
    ... on FulfillmentOrder { lineItems(first: $first, after: $after) { nodes { remainingQuantity lineItem { id } } ${pageInfo} } }
  }
}`,
}

// ---- sweeps ----

const sweptQuantities = 'quantities(names: ["available", "on_hand", "committed"]) { name quantity updatedAt }'
const sweptVariant = 'id inventoryPolicy product { id status }'

export interface SweptVariant extends VariantPolicy {
  readonly product: { readonly id: string; readonly status: string } | null
}

export interface SweptItem {
  readonly id: string
  readonly sku: string | null
  readonly tracked: boolean
  readonly duplicateSkuCount: number
}

export interface SweptLevel {
  readonly id: string
  readonly isActive: boolean
  readonly updatedAt: string
  readonly location: Reference
  readonly quantities: readonly (QuantityRow & { readonly updatedAt: string | null })[]
}

/**
 * Every item with its levels and variants: three connections, two of them nested (five and two levels are the most). The lines come
 * grouped, each item followed by what hangs below it, because the others would have to wait in memory for their parents.
 */
export const bulkInventoryQuery = `{ inventoryItems { edges { node {
  id sku tracked duplicateSkuCount
  variants { edges { node { ${sweptVariant} } } }
  inventoryLevels { edges { node { id isActive updatedAt location { id } ${sweptQuantities} } } }
} } } }`

export interface BulkOperationNode {
  readonly id: string
  readonly status: string
  readonly errorCode: string | null
  readonly objectCount: string
  readonly rootObjectCount: string
  readonly url: string | null
}

const bulkOperationFields = 'id status errorCode objectCount rootObjectCount url'

export const bulkOperationRunQuery: Operation<
  { readonly query: string },
  {
    readonly bulkOperationRunQuery: {
      readonly bulkOperation: BulkOperationNode | null
      readonly userErrors: readonly UserError[]
    } | null
  }
> = {
  name: 'bulkOperationRunQuery',
  write: true,
  points: () => 10,
  document: `mutation RunBulkQuery($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: true) {
    bulkOperation { ${bulkOperationFields} }
    userErrors { code field message }
  }
}`,
}

export const bulkOperation: Operation<{ readonly id: string }, { readonly bulkOperation: BulkOperationNode | null }> = {
  name: 'bulkOperation',
  write: false,
  points: () => 1,
  document: `query BulkOperation($id: ID!) {
  bulkOperation(id: $id) { ${bulkOperationFields} }
}`,
}

export interface SweptItemNode extends SweptItem {
  readonly kind: 'InventoryItem'
  readonly variants: { readonly nodes: readonly SweptVariant[] } | null
  readonly inventoryLevel: SweptLevel | null
  readonly inventoryLevels: { readonly nodes: readonly SweptLevel[] }
}

/** Other places of the same item that are looked at; more of them are not evidence enough to pay for. */
const sweptPlaces = 5
/** An item 1, a variant in a connection 2 + 2, a level with its location and quantities 3, and the other places. */
const sweptItemPoints = 1 + 4 + 3 + 2 + sweptPlaces * 3

export const sweptItems: Operation<
  { readonly ids: readonly string[]; readonly locationId: string },
  { readonly nodes: readonly (SweptItemNode | { readonly kind: string } | null)[] }
> = {
  name: 'inventoryLevels (sweep)',
  write: false,
  points: ({ ids }) => ids.length * sweptItemPoints,
  document: `query SweptItems($ids: [ID!]!, $locationId: ID!) {
  nodes(ids: $ids) {
    kind: __typename
    ... on InventoryItem {
      id sku tracked duplicateSkuCount
      variants(first: 1) { nodes { ${sweptVariant} } }
      inventoryLevel(locationId: $locationId) { id isActive updatedAt location { id } ${sweptQuantities} }
      inventoryLevels(first: ${sweptPlaces}) { nodes { id isActive updatedAt location { id } ${sweptQuantities} } }
    }
  }
}`,
}

// ---- the account ----

export const account: Operation<
  Readonly<Record<string, never>>,
  {
    readonly shop: { readonly myshopifyDomain: string }
    readonly currentAppInstallation: { readonly accessScopes: readonly { readonly handle: string }[] }
  }
> = {
  name: 'currentAppInstallation',
  write: false,
  points: () => 3,
  document: `query Account {
  shop { myshopifyDomain }
  currentAppInstallation { accessScopes { handle } }
}`,
}

export const locationsById: Operation<
  { readonly ids: readonly string[] },
  {
    readonly nodes: readonly ({
      readonly kind: string
      readonly id?: string
      readonly name?: string
      readonly isActive?: boolean
    } | null)[]
  }
> = {
  name: 'locations',
  write: false,
  points: ({ ids }) => ids.length,
  document: `query LocationsById($ids: [ID!]!) {
  nodes(ids: $ids) { kind: __typename ... on Location { id name isActive } }
}`,
}

export type WebhookTopic =
  | 'INVENTORY_LEVELS_UPDATE'
  | 'ORDERS_CANCELLED'
  | 'ORDERS_CREATE'
  | 'ORDERS_EDITED'
  | 'ORDERS_UPDATED'
  | 'REFUNDS_CREATE'

export const webhookSubscriptions: Operation<
  { readonly first: number; readonly after: string | null },
  { readonly webhookSubscriptions: Page<{ readonly id: string; readonly topic: string; readonly uri: string }> }
> = {
  name: 'webhookSubscriptions',
  write: false,
  points: ({ first }) => 2 + first,
  document: `query Subscriptions($first: Int!, $after: String) {
  webhookSubscriptions(first: $first, after: $after) { nodes { id topic uri } ${pageInfo} }
}`,
}

export const webhookSubscriptionCreate: Operation<
  { readonly topic: WebhookTopic; readonly subscription: { readonly uri: string; readonly format: 'JSON' } },
  {
    readonly webhookSubscriptionCreate: {
      readonly webhookSubscription: Reference | null
      readonly userErrors: readonly UserError[]
    } | null
  }
> = {
  name: 'webhookSubscriptionCreate',
  write: true,
  points: () => 10,
  document: `mutation Subscribe($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) {
    webhookSubscription { id }
    userErrors { field message }
  }
}`,
}
