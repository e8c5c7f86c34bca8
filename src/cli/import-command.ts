// `belay import`: shows what two CSV files would change, asks, and has the hub do it. Nothing is changed before the preview is seen.
import { BelayError } from '../domain/errors.ts'
import type { ImportPreview } from '../ports/hub.ts'
import type { HubClient } from './hub-client.ts'
import { decodeCsv } from './import-csv.ts'
import { printable } from './live-lines.ts'
import type { Terminal } from './terminal.ts'

export interface ImportFiles {
  readonly stock?: string
  readonly listings?: string
  readonly reference?: string
  readonly yes?: boolean
  readonly dryRun?: boolean
}

const maxShownProblems = 50

const previewText = (preview: ImportPreview): string => {
  const counts = `${preview.skusCreated} new SKUs, ${preview.levelsChanged} levels changed, ${preview.listingsCreated} new listings, ${preview.listingsChanged} listings changed, ${preview.unchanged} rows unchanged`
  const sample = preview.sample.map((line) => `  ${printable(line)}`)
  const problems = preview.problems
    .slice(0, maxShownProblems)
    .map((problem) => `  ${problem.file} line ${problem.line}: ${printable(problem.message)}. ${printable(problem.fix)}`)
  const hidden = preview.problems.length - problems.length
  return [
    ...(preview.problems.length > 0 ? [] : [counts, ...sample]),
    ...(problems.length > 0 ? [`${preview.problems.length} problems:`, ...problems] : []),
    ...(hidden > 0 ? [`  and ${hidden} more`] : []),
  ].join('\n')
}

const changesNothing = (preview: ImportPreview): boolean =>
  preview.sample.length === 0 && preview.skusCreated + preview.levelsChanged + preview.listingsCreated + preview.listingsChanged === 0

export const runImport = async (files: ImportFiles, client: HubClient, terminal: Terminal): Promise<void> => {
  if (files.stock === undefined && files.listings === undefined)
    throw new BelayError('request-invalid', 'No file to import.', { fix: 'Name one or both: --stock stock.csv --listings listings.csv' })
  const read = async (path: string | undefined): Promise<string | null> =>
    path === undefined ? null : decodeCsv(await terminal.readBytes(path), path)
  const body = {
    stock: await read(files.stock),
    listings: await read(files.listings),
    ...(files.reference === undefined ? {} : { reference: files.reference }),
  }
  const preview = await client.post<ImportPreview>('/api/v1/import?dryRun=1', body)
  terminal.print(previewText(preview))
  if (preview.problems.length > 0)
    throw new BelayError(
      'import-invalid',
      `Nothing was imported: ${preview.problems.length} ${preview.problems.length === 1 ? 'problem' : 'problems'}, listed above.`,
      {
        fix: 'Correct these lines and import again.',
      },
    )
  if (files.dryRun === true) return
  if (changesNothing(preview)) {
    terminal.print('Nothing to change.')
    return
  }
  if (files.yes !== true) {
    const answer = await terminal.confirm('Import this?')
    if (answer === null)
      throw new BelayError('request-invalid', 'Nothing was imported: there is no terminal to ask.', {
        fix: 'Add --yes to import without asking.',
      })
    if (!answer) {
      terminal.print('Nothing was imported.')
      return
    }
  }
  await client.post<ImportPreview>('/api/v1/import', body)
  terminal.print('Imported.')
}
