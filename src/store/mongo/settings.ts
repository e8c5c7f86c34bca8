// Small things by name: settings, positions of poll streams, and how much there is of everything.
import type { Store } from '../../ports/store.ts'
import { cursorId } from './codec.ts'
import { type Connection, reached } from './connection.ts'

export const mongoSettings = ({ collections }: Connection): Pick<Store, 'readCursor' | 'readSetting' | 'writeSetting' | 'counts'> => ({
  readCursor: (channel, stream) =>
    reached(async () => {
      const found = await collections.cursors.findOne({ _id: cursorId(channel, stream) })
      return found && { channel, stream, sinceMs: found.sinceMs, watermarkMs: found.watermarkMs }
    }),
  readSetting: (name) => reached(async () => (await collections.settings.findOne({ _id: name }))?.value ?? null),
  writeSetting: (name, value) =>
    reached(async () => {
      await collections.settings.updateOne({ _id: name }, { $set: { value } }, { upsert: true })
    }),
  counts: () =>
    reached(async () => {
      const { stock, orders, ledger, inbox } = collections
      const [stockCount, orderCount, ledgerCount, inboxPending, inboxParked] = await Promise.all([
        stock.countDocuments({}),
        orders.countDocuments({}),
        ledger.countDocuments({}),
        inbox.countDocuments({ open: true, state: 'pending' }),
        inbox.countDocuments({ open: true, state: 'parked' }),
      ])
      return { stock: stockCount, orders: orderCount, ledger: ledgerCount, inboxPending, inboxParked }
    }),
})
