// Guards both engines against a commit that no caller may build: the same document or key twice, or a version that cannot be.
// Such a commit is a bug of the caller, so it is thrown as a plain error: never retried, always loud.
import { orderKeyText, stockKeyText } from '../domain/ids.ts'
import type { Commit } from '../ports/store.ts'

const assertDistinct = <T>(what: string, items: readonly T[], keyOf: (item: T) => string): void => {
  if (items.length < 2) return
  const keys = new Set<string>()
  for (const item of items) keys.add(keyOf(item))
  if (keys.size !== items.length) throw new TypeError(`A commit names the same ${what} twice`)
}

const assertVersion = (what: string, version: number): void => {
  if (!Number.isSafeInteger(version) || version < 1) throw new RangeError(`A commit writes ${what} with version ${version}; it starts at 1`)
}

export const assertCommitShape = (commit: Commit): void => {
  const { stock = [], orders = [], ledger = [] } = commit
  for (const { next } of stock) assertVersion(`stock ${next.sku}`, next.version)
  for (const order of orders) assertVersion(`order ${order.orderId}`, order.version)
  assertDistinct('stock document', stock, ({ next }) => stockKeyText(next))
  assertDistinct('order', orders, orderKeyText)
  assertDistinct('ledger key', ledger, ({ key }) => key)
}
