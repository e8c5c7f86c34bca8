// Raw inbound events: durable before they are acknowledged, one for each delivery id, in the order in which they came.
// The sequence is given inside the write transaction, and SQLite has one writer: a reader never sees a later event before an earlier.
import { setImmediate as nextMacrotask } from 'node:timers/promises'
import type { Store } from '../../ports/store.ts'
import { toInboxEvent } from './codec.ts'
import type { Connection } from './connection.ts'

/** Deleted in one transaction: some milliseconds, so that a large sweep never keeps sales waiting. */
const expireBatchRows = 2000

export const sqliteInbox = (connection: Connection): Pick<Store, 'appendInbox' | 'readInbox' | 'expireInbox'> => ({
  appendInbox: async (events) =>
    connection.write(() => {
      const insert = connection.statement(
        `INSERT INTO inbox (channel, dedupe_key, topic, payload, received_at_ms, state) VALUES (?, ?, ?, ?, ?, 'pending') ON CONFLICT DO NOTHING`,
      )
      return events.map((event) => {
        const { changes } = insert.run(event.channel, event.dedupeKey, event.topic, event.payload, event.receivedAtMs)
        return changes === 1 ? 'stored' : 'duplicate'
      })
    }),
  readInbox: async ({ channel, state, afterSequence = 0, limit }) => {
    const rows =
      channel === undefined
        ? connection.all(
            `SELECT * FROM inbox WHERE state = ? AND state <> 'applied' AND sequence > ? ORDER BY sequence LIMIT ?`,
            state,
            afterSequence,
            limit,
          )
        : connection.all(
            `SELECT * FROM inbox WHERE state = ? AND state <> 'applied' AND channel = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
            state,
            channel,
            afterSequence,
            limit,
          )
    return rows.map(toInboxEvent)
  },
  expireInbox: async (receivedBeforeMs) => {
    let expired = 0
    for (;;) {
      const { changes } = connection.write(() =>
        connection
          .statement(
            `DELETE FROM inbox WHERE sequence IN (SELECT sequence FROM inbox WHERE state = 'applied' AND received_at_ms < ? LIMIT ${expireBatchRows})`,
          )
          .run(receivedBeforeMs),
      )
      expired += Number(changes)
      if (Number(changes) < expireBatchRows) return expired
      await nextMacrotask()
    }
  },
})
