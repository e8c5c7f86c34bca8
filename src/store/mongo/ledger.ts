// The ledger for people (newest first: by time, then version, then key) and for the check that levels are its fold.
import type { Document } from 'mongodb'
import type { Store } from '../../ports/store.ts'
import { type AccountBalance, levelsOf } from '../ledger-levels.ts'
import { decodeCursor, pageLimit, pageOf } from '../page.ts'
import { toLedgerEntry } from './codec.ts'
import { type Connection, reached } from './connection.ts'
import { before, fromNewest } from './paging.ts'

export const mongoLedger = ({ collections }: Connection): Pick<Store, 'listLedger' | 'readLedgerEntry' | 'ledgerLevels'> => ({
  readLedgerEntry: (key) =>
    reached(async () => {
      const found = await collections.ledger.findOne({ _id: key })
      return found && toLedgerEntry(found)
    }),
  listLedger: ({ sku, after, limit }) =>
    reached(async () => {
      const rows = pageLimit(limit)
      const found = await collections.ledger
        .find({
          ...(sku === undefined ? {} : { sku }),
          ...(after === null ? fromNewest('atMs') : before(['atMs', 'version', '_id'], decodeCursor(after, [0, 0, '']))),
        } as Document)
        .sort({ atMs: -1, version: -1, _id: -1 })
        .limit(rows + 1)
        .toArray()
      return pageOf(found.map(toLedgerEntry), rows, (entry) => [entry.atMs, entry.version, entry.key])
    }),
  ledgerLevels: ({ sku, pool }) =>
    reached(async () => {
      const balances = await collections.ledger
        .aggregate<AccountBalance>([
          { $match: { sku, pool } },
          {
            $project: {
              sides: [
                { account: '$to', units: { $toLong: '$units' } },
                { account: '$from', units: { $multiply: [{ $toLong: '$units' }, -1] } },
              ],
            },
          },
          { $unwind: '$sides' },
          { $group: { _id: '$sides.account', units: { $sum: '$sides.units' } } },
          { $project: { _id: 0, account: '$_id', units: 1 } },
        ])
        .toArray()
      return levelsOf(balances)
    }),
})
