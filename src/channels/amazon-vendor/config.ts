// What a merchant says about a Vendor Central account. Everything that Amazon does not document has a setting here with its default.
import { z } from 'zod'
import { lwaAddress, spApiAddress } from '../sp-api/endpoints.ts'

const text = (what: string) =>
  z
    .string()
    .min(1, { error: `${what} must not be empty` })
    .max(200)

const day = 24 * 60 * 60 * 1000
const minute = 60_000

/** A warehouse code stands in a path and in external ids, where `/` and `#` separate. */
const warehouse = z.strictObject({
  /** The hub's location. */
  id: text('the location id'),
  /** Amazon's code for the same place: `shipFromParty.partyId` of its orders. */
  warehouseId: text('the warehouse id').regex(/^[^/#\s]+$/, { error: 'must not contain "/", "#" or white space' }),
})

const settings = z.strictObject({
  /** Orders created this far back are read again, because getOrders cannot be asked for changes (a cancellation shows no other way). */
  rescanBackMs: z
    .int()
    .min(0)
    .max(30 * day)
    .default(2 * day),
  /** How often that is done. */
  rescanEveryMs: z
    .int()
    .min(0)
    .max(day)
    .default(5 * minute),
  /** Amazon expects the first answer to an order within this time (use case guides of both order APIs: 24 h). */
  acknowledgeWithinMs: z.int().min(minute).max(day).default(day),
  /** Items in one inventory update. The model states no bound, so this one is ours. */
  itemsPerUpdate: z.int().min(1).max(1000).default(100),
  /**
   * An inventory update that has been Processing for this long counts as done; null: never, it ends by the channel's request lifetime.
   * The 2021 guide said 30 minutes; the present model has Success, so that waiting for it is the safe reading.
   */
  updateDoneAfterMs: z.int().min(minute).nullable().default(null),
  /** The same for acknowledgements, whose transactions are known to stay Processing although Vendor Central shows them done. */
  acknowledgementDoneAfterMs: z
    .int()
    .min(minute)
    .nullable()
    .default(30 * minute),
  /** Codes agreed between Amazon and the vendor; these two are the ones of Amazon's example list. */
  acceptCode: text('the code').default('00'),
  outOfStockCode: text('the code').default('03'),
  /** Time between two polls of a stream. */
  ordersEveryMs: z.int().min(1000).default(minute),
  purchaseOrdersEveryMs: z
    .int()
    .min(1000)
    .default(5 * minute),
  /** Amazon's own reports of its stock and sales of the vendor's items, read by sweeps. Without marketplaces: none. */
  reports: z
    .strictObject({
      marketplaceIds: z
        .array(z.string().regex(/^[A-Z0-9]{8,20}$/, { error: 'must be a marketplace id such as A1PA6795UKMFR9' }))
        .max(25)
        .default([]),
      /** MANUFACTURING: all that was made; SOURCING: what Amazon bought of this vendor. Brand owners see the first. */
      distributorView: z.enum(['MANUFACTURING', 'SOURCING']).default('MANUFACTURING'),
      /** RETAIL and FRESH are the programs that both reports know. */
      sellingProgram: z.enum(['RETAIL', 'FRESH']).default('RETAIL'),
      /** Days that each sweep reads again: Amazon corrects figures of past days. */
      days: z.int().min(1).max(14).default(7),
      /** The newest day is this many before today (UTC): Amazon does not say when a day's figures are there. */
      lagDays: z.int().min(1).max(14).default(2),
    })
    .prefault({}),
})

export const amazonVendorConfig = z
  .strictObject({
    id: text('the channel id'),
    endpoint: spApiAddress,
    lwaEndpoint: spApiAddress.default(lwaAddress),
    clientId: text('the client id'),
    clientSecret: text('the client secret'),
    refreshToken: z.string().min(1, { error: 'the refresh token must not be empty' }).max(4000),
    /** The vendor code: `sellingParty.partyId`. */
    sellingPartyId: text('the vendor code'),
    warehouses: z.array(warehouse).max(200).default([]),
    /**
     * Does Amazon lower a direct-fulfilment quantity itself when it sells? Not documented. `attested`: the merchant has seen that it does
     * and answers for it; `unproven` keeps these listings outside of the guarantee.
     */
    selfDecrement: z.enum(['unproven', 'attested']).default('unproven'),
    directFulfilment: z.boolean(),
    retail: z.boolean(),
    settings: settings.prefault({}),
  })
  .refine((config) => config.directFulfilment || config.retail, {
    error: 'turn on directFulfilment, retail or both: a vendor channel with neither does nothing',
    path: ['directFulfilment'],
  })
  .refine((config) => !config.directFulfilment || config.warehouses.length > 0, {
    error: 'direct fulfilment needs at least one warehouse: { id: the location here, warehouseId: the code in Vendor Central }',
    path: ['warehouses'],
  })
  .refine((config) => new Set(config.warehouses.map((each) => each.warehouseId)).size === config.warehouses.length, {
    error: 'each warehouseId may be named once',
    path: ['warehouses'],
  })

export type AmazonVendorConfig = z.infer<typeof amazonVendorConfig>
