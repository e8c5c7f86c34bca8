// Support for tests: a small vendor account on a virtual clock, and a caller that holds every answer to the contracts.
import { seededRandom } from '../world/seeded-random.ts'
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts'
import type { Simulator } from '../simulator.ts'
import { type CallResult, type ContractCaller, createContractCaller, testCredentials } from '../sp-api/contract-caller.ts'
import { loadOperation } from '../sp-api/operation.ts'
import { type AmazonVendorOptions, createAmazonVendorSimulator } from './index.ts'

export const vendorCode = 'VEND1'
export const minuteMs = 60_000

const vendorOperations = [
  loadOperation('directFulfillmentInventory', 'submitInventoryUpdate'),
  loadOperation('directFulfillmentOrders', 'getOrders'),
  loadOperation('directFulfillmentOrders', 'getOrder'),
  loadOperation('directFulfillmentOrders', 'submitAcknowledgement'),
  loadOperation('directFulfillmentTransactions', 'getTransactionStatus'),
  loadOperation('vendorOrders', 'getPurchaseOrders'),
  loadOperation('vendorOrders', 'getPurchaseOrder'),
  loadOperation('vendorOrders', 'submitAcknowledgement'),
  loadOperation('vendorTransactions', 'getTransaction'),
  loadOperation('reports', 'createReport'),
  loadOperation('reports', 'getReport'),
  loadOperation('reports', 'getReportDocument'),
  loadOperation('tokens', 'createRestrictedDataToken'),
]

export const directOrdersPath = '/vendor/directFulfillment/orders/2021-12-28/purchaseOrders'
export const directAcknowledgementsPath = '/vendor/directFulfillment/orders/2021-12-28/acknowledgements'
export const retailOrdersPath = '/vendor/orders/v1/purchaseOrders'
export const retailAcknowledgementsPath = '/vendor/orders/v1/acknowledgements'

export interface SampleVendor {
  readonly clock: VirtualClock
  readonly simulator: Simulator
  readonly caller: ContractCaller
}

const vendorItem = (sku: string, quantity: number): AmazonVendorOptions['catalogue'][number] => ({
  sku,
  title: `Title of ${sku}`,
  priceMinor: 1_250,
  currency: 'EUR',
  quantity,
})

export const sampleVendor = (options: Partial<AmazonVendorOptions> = {}, seed = 1): SampleVendor => {
  const clock = createVirtualClock(undefined, 2)
  const simulator = createAmazonVendorSimulator({
    vendorCode,
    warehouses: ['W1', 'W2'],
    credentials: testCredentials,
    catalogue: [vendorItem('LAMP', 10), vendorItem('DESK', 4)],
    retail: [vendorItem('LAMP', 0), { ...vendorItem('PENS', 0), unitsPerCase: 12, isBackOrderAllowed: true }],
    selfDecrement: true,
    processing: { minMs: minuteMs, maxMs: minuteMs },
    orderVisibilityMs: 0,
    ports: { clock, random: seededRandom(seed), fetch: () => Promise.reject(new Error('a vendor simulator calls nobody')) },
    ...options,
  })
  return { clock, simulator, caller: createContractCaller(simulator, vendorOperations) }
}

/** A restricted data token for reading direct-fulfilment orders. */
export const restrictedToken = async ({ caller }: SampleVendor): Promise<string> => {
  const restrictedResources = [directOrdersPath, `${directOrdersPath}/{purchaseOrderNumber}`].map((path) => ({ method: 'GET', path }))
  const answer = await caller.call('POST', '/tokens/2021-03-01/restrictedDataToken', { body: { restrictedResources } })
  return (answer.body as { readonly restrictedDataToken: string }).restrictedDataToken
}

export const inventoryBody = (items: readonly (readonly [string, number])[], isFullUpdate = false): unknown => ({
  inventory: {
    sellingParty: { partyId: vendorCode },
    isFullUpdate,
    items: items.map(([sku, amount]) => ({
      vendorProductIdentifier: sku,
      availableQuantity: { amount, unitOfMeasure: 'Each' },
      isObsolete: false,
    })),
  },
})

export const submitInventory = async ({ caller }: SampleVendor, warehouseId: string, body: unknown): Promise<CallResult> =>
  caller.call('POST', `/vendor/directFulfillment/inventory/v1/warehouses/${warehouseId}/items`, { body })

export interface TransactionState {
  readonly status: string
  readonly messages: readonly string[]
}

const transactionIdOf = (answer: CallResult): string => {
  const body = answer.body as { readonly transactionId?: string; readonly payload?: { readonly transactionId: string } }
  return body.transactionId ?? body.payload?.transactionId ?? ''
}

interface TransactionBody {
  readonly transactionStatus: {
    readonly status: string
    readonly errors?: readonly { readonly message: string }[] | { readonly errors: readonly { readonly message: string }[] }
  }
}

/** The outcome of a submission, asked for where its program keeps it. */
export const transactionState = async (
  { caller }: SampleVendor,
  submitted: CallResult,
  program: 'df' | 'retail',
): Promise<TransactionState> => {
  const base = program === 'df' ? '/vendor/directFulfillment/transactions/2021-12-28/transactions' : '/vendor/transactions/v1/transactions'
  const answer = await caller.call('GET', `${base}/${transactionIdOf(submitted)}`)
  const body = answer.body as TransactionBody & { readonly payload?: TransactionBody }
  const { status, errors = [] } = (body.payload ?? body).transactionStatus
  return { status, messages: ('errors' in errors ? errors.errors : errors).map((each) => each.message) }
}
