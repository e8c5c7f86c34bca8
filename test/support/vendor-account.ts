// A vendor account against a scripted Amazon, for the tests of the adapter.
import { createAmazonVendor } from '../../src/channels/amazon-vendor/index.ts'
import { amazonVendorConfig } from '../../src/channels/amazon-vendor/config.ts'
import type { ChannelAdapter } from '../../src/ports/channel.ts'
import { createScriptedVendor, type ScriptedVendor } from './scripted-vendor.ts'

const vendorConfig = {
  id: 'vendor',
  endpoint: 'https://sellingpartnerapi-eu.amazon.com',
  lwaEndpoint: 'https://api.amazon.com/auth/o2/token',
  clientId: 'client',
  clientSecret: 'client-secret',
  refreshToken: 'Atzr|refresh',
  sellingPartyId: 'VEND1',
  warehouses: [
    { id: 'main', warehouseId: 'WH1' },
    { id: 'second', warehouseId: 'WH+2' },
  ],
  directFulfilment: true,
  retail: true,
}

export interface VendorAccount {
  readonly amazon: ScriptedVendor
  readonly adapter: ChannelAdapter
}

export const createVendorAccount = (change: object = {}): VendorAccount => {
  const amazon = createScriptedVendor()
  return { amazon, adapter: createAmazonVendor(amazonVendorConfig.parse({ ...vendorConfig, ...change }), amazon) }
}
