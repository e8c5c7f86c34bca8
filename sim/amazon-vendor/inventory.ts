// Vendor Direct Fulfillment Inventory v1: submitInventoryUpdate. Absolute quantities of one warehouse, applied when the transaction is
// decided. A full update sets every item of the warehouse that it does not list to 0. An item sent as obsolete is unavailable, whatever its
// quantity, until it is sent as not obsolete. One item that Amazon does not know fails the whole submission.
import { type Answer, answered, type Endpoint, invalid } from '../sp-api/gateway.ts'
import { type ApiError, type Arguments, loadOperation } from '../sp-api/operation.ts'
import { transactionError, type Transactions } from './transactions.ts'
import type { DirectBusiness, WarehouseOffer } from './warehouse.ts'

interface InventoryItem {
  readonly buyerProductIdentifier?: string
  readonly vendorProductIdentifier?: string
  readonly availableQuantity: { readonly amount?: number; readonly unitOfMeasure: string }
  readonly isObsolete?: boolean
}

interface InventoryUpdate {
  readonly sellingParty: { readonly partyId: string }
  readonly isFullUpdate: boolean
  readonly items: readonly InventoryItem[]
}

export interface InventoryOptions {
  readonly vendorCode: string
  readonly warehouses: readonly string[]
  readonly business: DirectBusiness
  readonly transactions: Transactions
}

/** What is wrong with an item on its face; the model leaves `amount` optional, an update without one says nothing. */
const itemFault = (item: InventoryItem, index: number): Answer | null => {
  const field = `inventory.items[${index}]`
  if (item.buyerProductIdentifier === undefined && item.vendorProductIdentifier === undefined)
    return invalid(field, 'must have a buyerProductIdentifier or a vendorProductIdentifier')
  const { amount, unitOfMeasure } = item.availableQuantity
  if (amount === undefined || amount < 0) return invalid(`${field}.availableQuantity.amount`, 'must be a whole number of 0 or more')
  if (unitOfMeasure !== 'Each') return invalid(`${field}.availableQuantity.unitOfMeasure`, 'must be Each')
  return null
}

const names = (item: InventoryItem, offer: WarehouseOffer): boolean =>
  (item.vendorProductIdentifier === undefined || item.vendorProductIdentifier === offer.vendorSku) &&
  (item.buyerProductIdentifier === undefined || item.buyerProductIdentifier === offer.asin)

const apply = (update: InventoryUpdate, warehouseId: string, business: DirectBusiness): readonly ApiError[] => {
  const shelf = business.offersOf(warehouseId)
  const bySku = new Map(shelf.map((offer) => [offer.vendorSku, offer]))
  const quantities = new Map<WarehouseOffer, number>()
  const obsolete = new Map<WarehouseOffer, boolean>()
  const errors: ApiError[] = []
  update.items.forEach((item, index) => {
    const candidate =
      item.vendorProductIdentifier === undefined ? shelf.find((offer) => names(item, offer)) : bySku.get(item.vendorProductIdentifier)
    if (!candidate || !names(item, candidate))
      errors.push(transactionError('The item is not known in this warehouse.', `inventory.items[${index}]`))
    else {
      const isObsolete = item.isObsolete ?? candidate.isObsolete
      obsolete.set(candidate, isObsolete)
      quantities.set(candidate, isObsolete ? 0 : (item.availableQuantity.amount ?? 0))
    }
  })
  if (errors.length > 0) return errors
  if (update.isFullUpdate) for (const offer of shelf) if (!quantities.has(offer)) quantities.set(offer, 0)
  for (const [offer, isObsolete] of obsolete) offer.isObsolete = isObsolete
  for (const [offer, quantity] of quantities) {
    // Success that had no effect: decided with the whole submission, told of nobody.
    if (offer.writesToLose > 0) offer.writesToLose -= 1
    else business.write(offer, quantity)
  }
  return []
}

export const inventoryEndpoint = ({ vendorCode, warehouses, business, transactions }: InventoryOptions): Endpoint => ({
  operation: loadOperation('directFulfillmentInventory', 'submitInventoryUpdate'),
  access: 'partner',
  writes: true,
  handle: ({ path, body }: Arguments) => {
    const warehouseId = path['warehouseId'] ?? ''
    if (!warehouses.includes(warehouseId)) return invalid('warehouseId', 'is not a warehouse of this vendor')
    const { inventory } = body as { readonly inventory?: InventoryUpdate }
    if (!inventory) return invalid('inventory', 'must be given')
    if (inventory.sellingParty.partyId !== vendorCode)
      return invalid('inventory.sellingParty.partyId', 'is not the vendor code of this account')
    if (inventory.items.length === 0) return invalid('inventory.items', 'must list at least one item')
    for (const [index, item] of inventory.items.entries()) {
      const fault = itemFault(item, index)
      if (fault) return fault
    }
    const transactionId = transactions.submit({
      program: 'direct-fulfilment',
      mayHang: true,
      apply: () => apply(inventory, warehouseId, business),
    })
    return answered(202, { payload: { transactionId } })
  },
})
