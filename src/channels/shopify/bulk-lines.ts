// From the lines of a bulk operation's JSONL to items with what hangs below them. An item's line comes first, its levels and variants follow
// with `__parentId` (the query asks for grouped lines): one item is held at a time. Lines that are not so are a malformed answer.
import { BelayError } from '../../domain/errors.ts'
import type { SweptItem, SweptLevel, SweptVariant } from './operations.ts'
import type { SweptGroup } from './sweep-map.ts'

export interface ReadGroup {
  readonly group: SweptGroup
  /** Lines of the file up to here, this item's included. */
  readonly lines: number
}

/** Levels of one item: one for each location of the shop, of which Shopify allows 1,000 at most. */
const maxBelow = 2_000

const malformed = (why: string): BelayError => new BelayError('channel-answer-malformed', `the bulk operation's file: ${why}`)

/** Shopify's name for it. */
const parent = '__parentId'

type Line = Readonly<Record<string, unknown>> & { readonly id: string; readonly [parent]?: string }

const parsed = (text: string, lineNumber: number): Line => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw malformed(`line ${lineNumber} is not JSON`)
  }
  if (typeof value !== 'object' || value === null || !('id' in value) || typeof value.id !== 'string')
    throw malformed(`line ${lineNumber} has no id`)
  return value as Line
}

const kindOf = (id: string): string => /^gid:\/\/shopify\/([A-Za-z]+)\//.exec(id)?.[1] ?? ''

/** Starts behind the first `skip` lines, which end with a whole item. */
export async function* readGroups(lines: AsyncIterable<string>, skip: number): AsyncGenerator<ReadGroup> {
  let number = 0
  let item: SweptItem | null = null
  let variant: SweptVariant | null = null
  let levels: SweptLevel[] = []
  for await (const text of lines) {
    number += 1
    if (number <= skip || text === '') continue
    const line = parsed(text, number)
    const kind = kindOf(line.id)
    if (line[parent] === undefined) {
      if (kind !== 'InventoryItem') throw malformed(`line ${number} is of an unknown kind`)
      if (item) yield { group: { item, variant, levels }, lines: number - 1 }
      item = line as unknown as SweptItem
      variant = null
      levels = []
      continue
    }
    if (item === null || line[parent] !== item.id) throw malformed(`line ${number} does not follow its parent`)
    const { [parent]: _, ...own } = line
    if (kind === 'ProductVariant') variant ??= own as unknown as SweptVariant
    else if (kind === 'InventoryLevel' && levels.length < maxBelow) levels.push(own as unknown as SweptLevel)
    else throw malformed(`line ${number} is not one of an item`)
  }
  if (item) yield { group: { item, variant, levels }, lines: number }
}
