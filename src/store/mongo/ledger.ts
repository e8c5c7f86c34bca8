// The ledger for people (newest first: by time, then version, then key) and for the check that levels are its fold.
import type { Document } from 'mongodb'
import type { Store } from '../../ports/store.ts'
import { type StockKey, stockKeyText } from '../../domain/ids.ts'
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
  ledgerLevels: (keys) =>
    reached(async () => {
      const balances = await collections.ledger
        .aggregate<AccountBalance & StockKey>([
          { $match: { sku: { $in: [...new Set(keys.map(({ sku }) => sku))] } } },
          {
            $project: {
              sku: 1,
              pool: 1,
              sides: [
                { account: '$to', units: { $toLong: '$units' } },
                { account: '$from', units: { $multiply: [{ $toLong: '$units' }, -1] } },
              ],
            },
          },
          { $unwind: '$sides' },
          { $group: { _id: { sku: '$sku', pool: '$pool', account: '$sides.account' }, units: { $sum: '$sides.units' } } },
          { $project: { _id: 0, sku: '$_id.sku', pool: '$_id.pool', account: '$_id.account', units: 1 } },
        ])
        .toArray()
      const byStock = Map.groupBy(balances, stockKeyText)
      return keys.map((key) => levelsOf(byStock.get(stockKeyText(key)) ?? []))
    }),
})
