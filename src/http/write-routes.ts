// What the API changes: movements of stock, imports, parked events tried again, what was learned of a channel forgotten. The engine
// decides; here is what a request must look like. A movement names itself (`reference`), so that sending it twice moves the goods once.
import { Hono } from 'hono'
import { z } from 'zod'
import { readImportCsv } from '../cli/import-csv.ts'
import { BelayError } from '../domain/errors.ts'
import { type ChannelId } from '../domain/ids.ts'
import { maxMovementUnits } from '../domain/movement.ts'
import type { Hub, ImportPreview, MovementRequest } from '../ports/hub.ts'
import { errorBody } from './error-answers.ts'
import { checked, checkedQuery, idText as id, maxImportBodyBytes, readJson } from './request-input.ts'

const location = id.nullable().default(null)

const movement = z.strictObject({
  kind: z.enum(['receipt', 'count', 'shrinkage', 'transfer', 'return', 'reserve', 'release', 'ship']),
  sku: id,
  pool: id.default('main'),
  location,
  toLocation: location,
  units: z
    .int('must be a whole number')
    .min(0, 'must not be negative')
    .max(maxMovementUnits, `must be at most ${maxMovementUnits}: more in one movement is taken for a typing error`),
  reference: id,
})

/** Shape only, so that a wrong request is told before anything is read; the engine checks the rest. */
const checkKind = (request: MovementRequest): void => {
  const refuse = (message: string, fix: string): never => {
    throw new BelayError('movement-invalid', message, { fix })
  }
  if (request.units === 0 && request.kind !== 'count') refuse('units: must be at least 1', 'Only a count may be 0.')
  if (request.kind === 'reserve' || request.kind === 'release') return
  if (request.location === null) refuse('location: is missing', `Say at which location the ${request.kind} happens.`)
  if (request.kind === 'transfer' && (request.toLocation === null || request.toLocation === request.location))
    refuse('toLocation: must be another location', 'Say where the goods go to.')
}

const csvText = z.string('must be the text of a CSV file').nullable().default(null)
const importBody = z
  .strictObject({ stock: csvText, listings: csvText, reference: id.optional() })
  .refine((body) => body.stock !== null || body.listings !== null, 'needs stock, listings or both')

const dryRunQuery = z.strictObject({ dryRun: z.enum(['0', '1', 'true', 'false']).default('0') })

const importInvalid = (preview: ImportPreview): BelayError => {
  const [first] = preview.problems
  return new BelayError(
    'import-invalid',
    `Nothing was imported: ${preview.problems.length} ${preview.problems.length === 1 ? 'problem' : 'problems'}${first ? `, the first in the ${first.file} file, line ${first.line}: ${first.message}` : ''}.`,
    { fix: first?.fix ?? 'Correct the files and import them again.' },
  )
}

export const writeRoutes = (hub: Hub): Hono => {
  const app = new Hono()
  let importing = false

  app.post('/movements', async (c) => {
    const body = checked(
      movement,
      await readJson(c.req.raw),
      'movement-invalid',
      'Correct that field; docs/api.md shows a movement of each kind.',
    )
    const request = body as unknown as MovementRequest
    checkKind(request)
    return c.json(await hub.move(request))
  })

  app.post('/inbox/retry', async (c) => c.json({ retried: await hub.retryParked() }))

  app.post('/channels/:channel/forget-learned', async (c) => {
    const channel = c.req.param('channel') as ChannelId
    checked(z.strictObject({}), await readJson(c.req.raw), 'request-invalid', 'Send {}.')
    if (hub.settingsOf(channel) === null)
      throw new BelayError('not-found', `There is no channel ${JSON.stringify(channel.slice(0, 200))}.`, {
        fix: 'GET /api/v1/channels lists them.',
      })
    return c.json({ forgotten: await hub.forgetLearned(channel) })
  })

  // One at a time: each holds its files and the documents they touch in memory.
  app.post('/import', async (c) => {
    if (importing) throw new BelayError('overloaded', 'Another import is running.', { fix: 'Send it again when that one is done.' })
    importing = true
    try {
      const { dryRun } = checkedQuery(dryRunQuery, c.req.query())
      const body = checked(
        importBody,
        await readJson(c.req.raw, maxImportBodyBytes),
        'request-invalid',
        'Send {"stock": "…", "listings": "…"} with the texts of the CSV files.',
      )
      const { request, problems } = await readImportCsv({
        stock: body.stock,
        listings: body.listings,
        ...(body.reference === undefined ? {} : { reference: body.reference }),
      })
      const planned = await hub.previewImport(request)
      const preview: ImportPreview = { ...planned, problems: [...problems, ...planned.problems] }
      if (dryRun === '1' || dryRun === 'true') return c.json(preview)
      if (preview.problems.length > 0) return c.json({ ...errorBody(importInvalid(preview)), preview }, 422)
      return c.json(await hub.applyImport(request))
    } finally {
      importing = false
    }
  })

  return app
}
