// Webhooks of the platforms. The order is the guarantee: size, then signature over the raw bytes, then shape, then durable, then 200.
// Nothing of an unverified body is parsed or stored; a failing store is answered 503, so that the platform sends the event again.
import { Hono } from 'hono'
import { BelayError } from '../domain/errors.ts'
import type { ChannelId } from '../domain/ids.ts'
import type { Clock } from '../ports/clock.ts'
import type { Hub } from '../ports/hub.ts'
import type { Metrics } from '../ports/metrics.ts'
import { maxBodyBytes, readBytes } from './request-input.ts'

/** Shopify counts a webhook as failed after 5 s without an answer: a store that is away is told before that. */
const patienceMs = 4_000

/** What is stored after we gave up is known by its key when it is sent again. */
const within = async (clock: Clock, stored: Promise<void>): Promise<void> => {
  const answered = new AbortController()
  const late = clock.sleep(patienceMs, answered.signal).then(() => {
    if (answered.signal.aborted) return
    throw new BelayError('store-unavailable', 'The store did not answer in time.', { fix: 'Send it again.' })
  })
  try {
    await Promise.race([stored, late])
  } finally {
    answered.abort()
    stored.catch(() => undefined)
  }
}

export const webhookRoute = (hub: Hub, metrics: Metrics, clock: Clock): Hono => {
  const app = new Hono()
  app.post('/:channel', async (c) => {
    const channel = c.req.param('channel') as ChannelId
    const receiver = hub.adapters.get(channel)?.webhook
    if (!receiver)
      throw new BelayError('not-found', 'There is no channel of this name that takes webhooks.', {
        fix: 'The address is /webhooks/ and the id of the channel in the configuration.',
      })
    const receivedAtMs = clock.nowMs()
    const told = (outcome: string): void => metrics.count('belay_webhooks_total', { channel, outcome })
    const body = await readBytes(c.req.raw, maxBodyBytes)
    if (!receiver.verify(c.req.raw.headers, body)) {
      told('signature-wrong')
      throw new BelayError('signature-wrong', 'The signature does not fit to the body.', {
        fix: 'Check that the webhook secret of this channel in the configuration is the one that the platform signs with.',
      })
    }
    try {
      await within(clock, hub.receive([receiver.accept(c.req.raw.headers, body, receivedAtMs)]))
    } catch (error) {
      told('failed')
      throw error
    }
    told('stored')
    return c.json({ ok: true })
  })
  return app
}
