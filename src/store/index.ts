// Opens the store that a URL names.
import { BelayError } from '../domain/errors.ts'
import type { Store } from '../ports/store.ts'
import { openMongoStore } from './mongo/store.ts'
import { openSqliteStore } from './sqlite/store.ts'

/** `sqlite:PATH`, `sqlite::memory:`, `mongodb://…` or `mongodb+srv://…`. The schema is as it was found: call `migrate`. */
export const openStore = async (url: string): Promise<Store> => {
  if (url.startsWith('mongodb://') || url.startsWith('mongodb+srv://')) return openMongoStore(url)
  if (url.startsWith('sqlite:') && url.length > 'sqlite:'.length) return openSqliteStore(url.slice('sqlite:'.length))
  // The URL itself may hold a password: only its scheme is told.
  throw new BelayError('config-invalid', `The store URL begins with "${url.slice(0, Math.max(0, url.indexOf(':')))}:", which is no store`, {
    fix: 'Use sqlite:PATH (for example sqlite:./data/belay.db), sqlite::memory:, mongodb://HOST/DATABASE?replicaSet=NAME or mongodb+srv://HOST/DATABASE.',
  })
}
