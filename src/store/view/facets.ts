// The filters of the unified view that have an index, the same in both engines: each is one text, and a row carries those it answers to.
// Served: none, status, channel, pool, status with channel; each in every order. Anything else would have to look through rows that do not
// fit, so it is refused.
import { titleWords } from '../../domain/inventory-summary.ts'
import { BelayError } from '../../domain/errors.ts'
import type { InventoryQuery } from '../../ports/inventory-view.ts'

export const facetSeparator = '\u001f'
export const anyFacet = '*'
export const facetLetters = { status: 's', channel: 'c', pool: 'p', statusOnChannel: 'b' } as const

const text = (...parts: readonly string[]): string => parts.join(facetSeparator)

const refused = (message: string, fix: string): BelayError => new BelayError('request-invalid', message, { fix })

const facetOf = ({ status, channel, pool }: InventoryQuery): string => {
  if (pool !== undefined) {
    if (status !== undefined || channel !== undefined)
      throw refused('A filter by pool cannot be combined with one by status or channel.', 'Filter by pool alone, or by status and channel.')
    return text(facetLetters.pool, pool)
  }
  if (status !== undefined && channel !== undefined) return text(facetLetters.statusOnChannel, status, channel)
  if (status !== undefined) return text(facetLetters.status, status)
  if (channel !== undefined) return text(facetLetters.channel, channel)
  return anyFacet
}

/** How a query is answered. */
export type InventoryPlan =
  | { readonly by: 'facet'; readonly facet: string; readonly sort: InventoryQuery['sort']; readonly prefix: string }
  | { readonly by: 'barcode'; readonly prefix: string }
  /** The first word leads, the others are looked for among its rows. */
  | { readonly by: 'title'; readonly words: readonly [string, ...string[]] }

/** The longer a word, the fewer titles have it, as a rule. */
const longestFirst = (a: string, b: string): number => b.length - a.length || (a < b ? -1 : 1)

export const planInventory = (query: InventoryQuery): InventoryPlan => {
  const { search, sort } = query
  const facet = facetOf(query)
  if (search === undefined) return { by: 'facet', facet, sort, prefix: '' }
  if (sort !== 'sku') throw refused('What is searched for comes in the order of SKUs.', 'Leave the order out, or write sku.')
  if (search.by === 'sku') return { by: 'facet', facet, sort, prefix: search.text }
  if (facet !== anyFacet)
    throw refused('A search by barcode or title cannot be combined with a filter.', 'Leave the filter out, or search by SKU.')
  if (search.by === 'barcode') return { by: 'barcode', prefix: search.text }
  const [first, ...rest] = [...titleWords(search.text)].sort(longestFirst)
  if (first === undefined) throw refused('The search has no word in it.', 'Write at least one letter or digit.')
  return { by: 'title', words: [first, ...rest] }
}

/** Rows of one word that a page looks at: more words than one may have few rows in common. */
export const maxTitleCandidates = 5000
