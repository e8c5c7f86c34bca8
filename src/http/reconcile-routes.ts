// Reconciliation over the API: runs asked for, looked at, gone on with; findings answered; audits of the books.
import { Hono } from 'hono'
import { z } from 'zod'
import { BelayError } from '../domain/errors.ts'
import { type ChannelId, type Sku } from '../domain/ids.ts'
import { maxScopeSkus } from '../domain/reconcile.ts'
import type { Hub } from '../ports/hub.ts'
import { checked, checkedQuery, idText as id, pageQuery, readJson } from './request-input.ts'

const wanted = z.strictObject({
  channel: id.nullable().default(null),
  skus: z.array(id).min(1, 'must not be empty').max(maxScopeSkus, `must be at most ${maxScopeSkus}`).nullable().default(null),
  dryRun: z.boolean('must be true or false').default(false),
})

const listQuery = z.strictObject({ ...pageQuery, channel: id.optional(), books: z.enum(['0', '1', 'true', 'false']).optional() })
const findingsQuery = z.strictObject({
  ...pageQuery,
  state: z.enum(['pending', 'flagged', 'asked', 'correcting', 'mended', 'dismissed']).optional(),
})
const answered = z.strictObject({ answer: z.enum(['correct', 'dismiss']) })
const nothing = z.strictObject({})

export const reconcileRoutes = ({ reconciler, store }: Hub): Hono => {
  const app = new Hono()

  app.post('/reconciliations', async (c) => {
    const { channel, skus, dryRun } = checked(
      wanted,
      await readJson(c.req.raw),
      'request-invalid',
      'Send {} for everything, or {"channel": "…", "skus": ["…"], "dryRun": true}.',
    )
    const request = { channel: channel as ChannelId | null, skus: skus as readonly Sku[] | null, dryRun, requestedBy: 'person' as const }
    return c.json({ items: await reconciler.request(request) }, 202)
  })

  app.get('/reconciliations', async (c) => {
    const { channel, books, limit, after } = checkedQuery(listQuery, c.req.query())
    const of = books === '1' || books === 'true' ? { channel: null } : channel === undefined ? {} : { channel: channel as ChannelId }
    return c.json(await store.listReconciliations({ ...of, limit, after }))
  })

  app.get('/reconciliations/:id', async (c) => {
    const { state, limit, after } = checkedQuery(findingsQuery, c.req.query())
    const run = await store.readReconciliation(c.req.param('id'))
    if (!run)
      throw new BelayError('not-found', `There is no reconciliation ${c.req.param('id').slice(0, 200)}.`, {
        fix: 'GET /api/v1/reconciliations lists them.',
      })
    const findings = await store.listFindings({ run: run.id, limit, after, ...(state === undefined ? {} : { state }) })
    return c.json({ reconciliation: run, findings })
  })

  app.post('/reconciliations/:id/resume', async (c) => {
    checked(nothing, await readJson(c.req.raw), 'request-invalid', 'Send {}.')
    return c.json(await reconciler.resume(c.req.param('id')))
  })
  app.post('/reconciliations/:id/dismiss', async (c) => {
    checked(nothing, await readJson(c.req.raw), 'request-invalid', 'Send {}.')
    return c.json(await reconciler.dismiss(c.req.param('id')))
  })

  // A finding's id has slashes in it.
  app.post('/findings/:id{.+}', async (c) => {
    const { answer } = checked(
      answered,
      await readJson(c.req.raw),
      'request-invalid',
      'Send {"answer": "correct"} or {"answer": "dismiss"}.',
    )
    return c.json(await reconciler.answer(c.req.param('id'), answer))
  })

  app.post('/audits', async (c) => {
    checked(nothing, await readJson(c.req.raw), 'request-invalid', 'Send {}.')
    return c.json(await reconciler.audit('person'), 202)
  })
  return app
}
