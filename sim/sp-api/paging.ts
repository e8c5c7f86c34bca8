// Result lists that a caller reads page by page. The list is fixed when the first page is asked for, so that a complete walk through the
// pages sees every element of the window once; only the elements themselves are as they are when their page is read.
import type { Clock } from '../../src/ports/clock.ts'
import type { Random } from '../../src/ports/random.ts'

/** Lists kept for further pages at one time; the oldest is forgotten first. */
const maxLists = 1_000

interface ResultPage<T> {
  readonly items: readonly T[]
  /** null: this was the last page. */
  readonly nextToken: string | null
}

export interface Pages<T> {
  first(items: readonly T[], pageSize: number, filter: string): ResultPage<T>
  /** A token may be used again. The reason tells why there is no such page. */
  next(token: string, pageSize: number, filter: string): ResultPage<T> | { readonly refused: 'unknown' | 'expired' | 'other-filter' }
}

export const createPages = <T>(clock: Clock, random: Random, lifetimeMs: number): Pages<T> => {
  const lists = new Map<string, { readonly items: readonly T[]; readonly filter: string; readonly expiresAtMs: number }>()
  const pageOf = (id: string, items: readonly T[], start: number, pageSize: number): ResultPage<T> => {
    const end = start + pageSize
    const nextToken = end < items.length ? Buffer.from(`${id}.${end}`).toString('base64url') : null
    return { items: items.slice(start, end), nextToken }
  }
  return {
    first: (items, pageSize, filter) => {
      if (items.length <= pageSize) return { items, nextToken: null }
      const id = random.uuid()
      lists.set(id, { items, filter, expiresAtMs: clock.nowMs() + lifetimeMs })
      for (const oldest of lists.keys()) {
        if (lists.size <= maxLists) break
        lists.delete(oldest)
      }
      return pageOf(id, items, 0, pageSize)
    },
    next: (token, pageSize, filter) => {
      const [id = '', start = ''] = Buffer.from(token, 'base64url').toString().split('.')
      const list = lists.get(id)
      if (!list || !/^\d+$/.test(start)) return { refused: 'unknown' }
      if (list.expiresAtMs <= clock.nowMs()) return { refused: 'expired' }
      if (list.filter !== filter) return { refused: 'other-filter' }
      return pageOf(id, list.items, Number(start), pageSize)
    },
  }
}
