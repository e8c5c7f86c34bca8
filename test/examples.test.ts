// The files in examples/ are what a merchant copies: they must be taken as they are.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { configSchema as amazonSeller } from '../src/channels/amazon-seller/config.ts'
import { amazonVendorConfig } from '../src/channels/amazon-vendor/config.ts'
import { configSchema as shopify } from '../src/channels/shopify/config.ts'
import { readImportCsv } from '../src/cli/import-csv.ts'
import { loadConfig } from '../src/config/config.ts'
import { planImport } from '../src/domain/import.ts'
import { noPolicy } from '../src/domain/rules.ts'

const example = (name: string): string => readFileSync(new URL(`../examples/${name}`, import.meta.url), 'utf8')
const variables = [
  'SHOPIFY_CLIENT_ID',
  'SHOPIFY_CLIENT_SECRET',
  'AMAZON_CLIENT_ID',
  'AMAZON_CLIENT_SECRET',
  'AMAZON_SELLER_REFRESH_TOKEN',
  'AMAZON_VENDOR_REFRESH_TOKEN',
]
const schemas = { shopify, 'amazon-seller': amazonSeller, 'amazon-vendor': amazonVendorConfig }

test('the configuration is valid once its variables are set, and touches nothing', () => {
  const config = loadConfig(example('belay.yaml'), Object.fromEntries(variables.map((name) => [name, `value-of-${name}`])), schemas)
  expect(config.channels.map((channel) => [channel.id, channel.mode])).toEqual([
    ['shopify-eu', 'observe'],
    ['amazon-de', 'observe'],
    ['vendor-de', 'observe'],
  ])
  expect(config.redact('value-of-AMAZON_CLIENT_SECRET')).toBe('[secret]')
})

test('without its variables it says which ones are missing', () => {
  expect(() => loadConfig(example('belay.yaml'), {}, schemas)).toThrow(/SHOPIFY_CLIENT_ID \(line \d+\)/)
})

test('the CSV files can be imported together', async () => {
  const { request, problems } = await readImportCsv({ stock: example('stock.csv'), listings: example('listings.csv') })
  expect(problems).toEqual([])
  const plan = planImport(request, {
    stock: () => null,
    listing: () => null,
    hasLedgerKey: () => false,
    address: (_channel, externalId) => ({ externalId, keys: [externalId], fulfilment: 'MFN', writeClass: 'compare-and-set' }),
    poolLocations: null,
    policy: noPolicy,
    nowMs: 0,
  })
  expect(plan.preview).toMatchObject({ skusCreated: 3, listingsCreated: 9, problems: [] })
})
