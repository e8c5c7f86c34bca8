// The account around stock and orders: what it may do, its locations, its offers, its webhook subscriptions.
import { BelayError, isBelayError } from '../../domain/errors.ts'
import type { CheckFinding, DiscoveredListing } from '../../ports/channel.ts'
import { externalIdOf, globalId, resourceId } from './addresses.ts'
import { type ShopifyClient, understood } from './client.ts'
import { expectedShopDomain, type ShopifyConfig } from './config.ts'
import { quoted } from './errors.ts'
import {
  account,
  type LocationLevel,
  levelsAtLocation,
  locationsById,
  type WebhookTopic,
  webhookSubscriptionCreate,
  webhookSubscriptions,
} from './operations.ts'
import type { VariantIndex } from './variant-index.ts'

const topics: readonly WebhookTopic[] = [
  'ORDERS_CREATE',
  'ORDERS_UPDATED',
  'ORDERS_CANCELLED',
  'ORDERS_EDITED',
  'REFUNDS_CREATE',
  'INVENTORY_LEVELS_UPDATE',
]

const subscriptionsPage = 100
const maxSubscriptionPages = 50
/** 603 points by the published formula. */
const levelsPage = 100

/** Creates what is missing for that address; subscriptions to other addresses are left as they are. */
export const ensureSubscriptions = async (client: ShopifyClient, uri: string, signal: AbortSignal): Promise<void> => {
  const missing = new Set<string>(topics)
  let after: string | null = null
  for (let pages = 0; pages < maxSubscriptionPages; pages++) {
    const variables: { first: number; after: string | null } = { first: subscriptionsPage, after }
    const { data } = await client.patient(webhookSubscriptions, variables, signal)
    const page = understood(webhookSubscriptions.name, data, (d) => ({
      nodes: [...d.webhookSubscriptions.nodes],
      ...d.webhookSubscriptions.pageInfo,
    }))
    for (const node of page.nodes) if (node.uri === uri) missing.delete(node.topic)
    if (!page.hasNextPage) break
    after = page.endCursor
  }
  for (const topic of topics) {
    if (!missing.has(topic)) continue
    const { data } = await client.call(webhookSubscriptionCreate, { topic, subscription: { uri, format: 'JSON' } }, { signal })
    const problems = understood(webhookSubscriptionCreate.name, data, (d) => d.webhookSubscriptionCreate?.userErrors ?? [])
    // Made by someone else in between.
    if (problems.every((each) => /already been taken/i.test(each.message))) continue
    throw new BelayError(
      'channel-rejected',
      `Shopify takes no subscription to ${topic}: ${quoted(problems.map((p) => p.message).join('; '))}`,
      {
        fix: 'The webhook address must be https with a valid certificate and reachable from the internet.',
      },
    )
  }
}

const baseScopes = ['read_inventory', 'write_inventory', 'read_locations', 'read_products', 'read_orders'] as const
/** Any of these shows the assigned location of a fulfilment order; needed with several locations only. */
const assignmentScopes = [
  'read_merchant_managed_fulfillment_orders',
  'read_assigned_fulfillment_orders',
  'read_third_party_fulfillment_orders',
]

const scopeFinding = (granted: ReadonlySet<string>, scopes: readonly string[]): CheckFinding => {
  const ok = scopes.some((scope) => granted.has(scope) || granted.has(scope.replace(/^read_/, 'write_')))
  const name = scopes[0] ?? ''
  return {
    ok,
    subject: `scope ${name}`,
    message: ok ? 'granted' : 'not granted',
    fix: ok ? null : `Add ${name} to the app's scopes, release the version and install it again.`,
  }
}

const failedFinding = (subject: string, error: unknown): CheckFinding => {
  if (!isBelayError(error)) throw error
  return { ok: false, subject, message: error.message, fix: error.fix ?? 'Try again; if it stays, check the network and shopUrl.' }
}

export const checkAccount = async (client: ShopifyClient, config: ShopifyConfig, signal: AbortSignal): Promise<readonly CheckFinding[]> => {
  const findings: CheckFinding[] = []
  try {
    await client.authenticate(signal)
    findings.push({ ok: true, subject: 'token', message: `${config.shopUrl} gives an access token`, fix: null })
  } catch (error) {
    return [failedFinding('token', error)]
  }
  try {
    const { data } = await client.patient(account, {}, signal)
    const { domain, granted } = understood(account.name, data, (d) => ({
      domain: d.shop.myshopifyDomain.toLowerCase(),
      granted: new Set(d.currentAppInstallation.accessScopes.map((scope) => scope.handle)),
    }))
    const expected = expectedShopDomain(config)
    if (expected !== null && domain !== expected)
      findings.push({
        ok: false,
        subject: 'shop',
        message: `the token is of ${domain}, not of ${expected}`,
        fix: 'Webhooks name the shop by its first myshopify.com address: write that into shopUrl, or set shopDomain.',
      })
    for (const scope of baseScopes) findings.push(scopeFinding(granted, [scope]))
    if (config.locations.length > 1) findings.push(scopeFinding(granted, assignmentScopes))
  } catch (error) {
    findings.push(failedFinding('scopes', error))
  }
  try {
    const ids = config.locations.map((each) => globalId('Location', each.shopifyLocationId))
    const { data } = await client.patient(locationsById, { ids }, signal)
    const byId = understood(locationsById.name, data, (d) => new Map(d.nodes.flatMap((node) => (node?.id ? [[node.id, node]] : []))))
    for (const { id, shopifyLocationId } of config.locations) {
      const node = byId.get(globalId('Location', shopifyLocationId))
      const ok = node?.isActive === true
      findings.push({
        ok,
        subject: `location ${id}`,
        message: node
          ? `Shopify location ${node.name ?? shopifyLocationId} is ${ok ? 'active' : 'not active'}`
          : `Shopify knows no location ${shopifyLocationId}`,
        fix: ok
          ? null
          : 'Correct shopifyLocationId (Settings > Locations; the number in the address of the page), or activate the location.',
      })
    }
  } catch (error) {
    findings.push(failedFinding('locations', error))
  }
  return findings
}

const unusableReason = ({ item, quantities }: LocationLevel): string | null => {
  if (!item.tracked) return 'not tracked: Shopify sells it without end'
  if (item.variants?.nodes.some((variant) => variant.inventoryPolicy !== 'DENY')) return 'continues selling when out of stock'
  return quantities.some((each) => each.name === 'available') ? null : 'has no available quantity'
}

const listingOf = (level: LocationLevel, locationId: string): DiscoveredListing | null => {
  const inventoryItemId = resourceId(level.item.id)
  if (inventoryItemId === null) return null
  const variant = level.item.variants?.nodes[0]
  const variantId = variant ? resourceId(variant.id) : null
  return {
    externalId: externalIdOf({ inventoryItemId, locationId, variantId }),
    sku: level.item.sku === '' ? null : level.item.sku,
    title: variant?.displayName ?? '',
    quantity: level.quantities.find((each) => each.name === 'available')?.quantity ?? null,
    unusable: unusableReason(level),
  }
}

/** Every inventory item at the account's locations, page by page. Shopify's pagination ends at 25,000 items a location; then it fails. */
export async function* discoverListings(
  client: ShopifyClient,
  variants: VariantIndex,
  locationIds: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<readonly DiscoveredListing[]> {
  for (const locationId of locationIds) {
    let after: string | null = null
    for (;;) {
      const variables: { locationId: string; first: number; after: string | null } = {
        locationId: globalId('Location', locationId),
        first: levelsPage,
        after,
      }
      const { data } = await client.patient(levelsAtLocation, variables, signal)
      const page = understood(levelsAtLocation.name, data, ({ location }) => {
        if (!location)
          throw new BelayError('not-found', `Shopify knows no location ${locationId}`, { fix: 'Correct shopifyLocationId of the channel.' })
        const found = location.inventoryLevels.nodes.flatMap((level) => listingOf(level, locationId) ?? [])
        for (const { item } of location.inventoryLevels.nodes)
          for (const variant of item.variants?.nodes ?? []) variants.learn(resourceId(variant.id), resourceId(item.id))
        return { found, ...location.inventoryLevels.pageInfo }
      })
      yield page.found
      if (!page.hasNextPage) break
      after = page.endCursor
    }
  }
}
