// The webhook receiver. `verify` authenticates the raw bytes before anything is parsed; `accept` keeps a whitelist of the body
// (webhook-payload.ts) under the delivery's own id. Nothing here answers HTTP: the server does, within Shopify's 5 seconds.
// Source: shopify.dev, webhooks, "Verify deliveries" and "Delivery structure".
import { createHmac, timingSafeEqual } from 'node:crypto'
import { BelayError } from '../../domain/errors.ts'
import { isIdText } from '../../domain/ids.ts'
import type { ChannelId } from '../../domain/ids.ts'
import type { WebhookReceiver } from '../../ports/channel.ts'
import { expectedShopDomain, type ShopifyConfig } from './config.ts'
import { asId, type JsonObject, parseObject } from './payload.ts'
import type { VariantIndex } from './variant-index.ts'
import { keepOfWebhook, orderTopics } from './webhook-payload.ts'

const malformed = (message: string, fix: string): BelayError => new BelayError('body-malformed', message, { fix })

const decode = (body: Uint8Array): string | null => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return null
  }
}

/** Adds to each line the inventory item behind its variant, where it is known. */
const withItems = (order: JsonObject, variants: VariantIndex): JsonObject => {
  const lines = order['line_items']
  if (!Array.isArray(lines)) return order
  return {
    ...order,
    line_items: lines.map((line: JsonObject) => {
      const variantId = asId(line['variant_id'])
      const itemId = variantId === null ? null : variants.itemOf(variantId)
      return itemId === null ? line : { ...line, inventory_item_id: itemId }
    }),
  }
}

export const createWebhookReceiver = (config: ShopifyConfig, variants: VariantIndex): WebhookReceiver => {
  const secrets = [config.clientSecret, ...(config.previousClientSecret === undefined ? [] : [config.previousClientSecret])]
  const shopDomain = expectedShopDomain(config)
  return {
    verify: (headers, body) => {
      const given = Buffer.from(headers.get('x-shopify-hmac-sha256') ?? '', 'base64')
      let matches = false
      // All secrets are tried whatever the first one gives, so that the time tells nothing.
      for (const secret of secrets) {
        const expected = createHmac('sha256', secret).update(body).digest()
        const candidate = given.length === expected.length ? given : Buffer.alloc(expected.length)
        const equal = timingSafeEqual(expected, candidate) && given.length === expected.length
        matches ||= equal
      }
      return matches
    },
    accept: (headers, body, receivedAtMs) => {
      const topic = headers.get('x-shopify-topic') ?? ''
      const dedupeKey = headers.get('x-shopify-webhook-id') ?? ''
      const domain = headers.get('x-shopify-shop-domain') ?? ''
      if (!/^[a-z_]+(\/[a-z_]+)+$/.test(topic) || topic.length > 100)
        throw malformed('the webhook has no X-Shopify-Topic', 'Only Shopify may post to this address.')
      if (!isIdText(dedupeKey)) throw malformed('the webhook has no X-Shopify-Webhook-Id', 'Only Shopify may post to this address.')
      if (shopDomain !== null && domain.toLowerCase() !== shopDomain)
        throw malformed(
          `the webhook is of another shop than ${shopDomain}`,
          'Give each shop its own channel and webhook address; remove the subscription in the other shop.',
        )
      const text = decode(body)
      const object = text === null ? null : parseObject(text)
      if (!object) throw malformed(`the ${topic} webhook is not a JSON object`, 'Subscribe with format JSON.')
      const kept = keepOfWebhook(topic, object)
      if (!kept) throw malformed(`the ${topic} webhook does not have the documented shape`, 'Check apiVersion of the channel.')
      return {
        channel: config.id as ChannelId,
        dedupeKey,
        topic,
        payload: JSON.stringify(orderTopics.has(topic) ? withItems(kept, variants) : kept),
        receivedAtMs,
      }
    },
  }
}
