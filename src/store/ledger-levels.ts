// From balances of ledger accounts to levels: the shelf by location, and what is reserved. The other accounts are the outside.
import type { LedgerLevels } from '../domain/books.ts'

export interface AccountBalance {
  readonly account: string
  readonly units: number
}

const shelf = 'on_hand/'

export const levelsOf = (balances: readonly AccountBalance[]): LedgerLevels => ({
  onHandUnits: Object.fromEntries(
    balances.filter(({ account }) => account.startsWith(shelf)).map(({ account, units }) => [account.slice(shelf.length), units]),
  ),
  reservedUnits: balances.find(({ account }) => account === 'reserved')?.units ?? 0,
})
