// Leases with fencing numbers. A lease's document is never deleted, so its number never repeats.
//   free (expired or released) -> held by X with number n+1 -> renewed by X before it expires, same number -> free
// Each step is one atomic update of one document.
//
// A commit under a lease does not touch that document but the one of its term (`terms`: one for each number, while it lasts). A process that
// dies or stands still in the middle of a transaction keeps what it wrote there locked until the server gives the transaction up (60 s by
// default); the lease itself can be taken all the same. Whoever takes it ends the terms before: after that nothing commits under them. Where
// the lock of an open transaction is in the way, that transaction may still commit, once, and it loses against whatever was written
// meanwhile; every later commit of its process is refused, because its term has run out.
import type { Lease, Store } from '../../ports/store.ts'
import { type LeaseDocument, termId, termsBefore } from './codec.ts'
import { type Connection, isDuplicateKey, reached } from './connection.ts'

export const toLease = ({ _id, owner, token, expiresAtMs }: LeaseDocument): Lease => ({ name: _id, owner, token, expiresAtMs })

/** How long the end of earlier terms may wait for an open transaction of theirs. */
const endWithinMs = 1_000

export const mongoLeases = (connection: Connection): Pick<Store, 'acquireLease' | 'releaseLease'> => {
  const { leases, terms } = connection.collections
  const create = async (document: LeaseDocument): Promise<Lease | null> => {
    try {
      await leases.insertOne(document)
      return toLease(document)
    } catch (error) {
      // Another was faster, or holds it.
      if (isDuplicateKey(error)) return null
      throw error
    }
  }
  const prolong = async (lease: Lease): Promise<Lease> => {
    await terms.updateOne({ _id: termId(lease) }, { $set: { expiresAtMs: lease.expiresAtMs } }, { upsert: true })
    return lease
  }
  const endEarlier = async (lease: Lease): Promise<void> => {
    const waiting = new AbortController()
    const patience = connection.clock.sleep(endWithinMs, waiting.signal)
    // What is late goes on by itself; nothing waits for it.
    const ended = terms.deleteMany({ _id: termsBefore(lease) }).then(
      () => undefined,
      () => undefined,
    )
    await Promise.race([ended, patience])
    waiting.abort()
  }
  const begin = async (lease: Lease | null): Promise<Lease | null> => {
    if (!lease) return null
    await prolong(lease)
    await endEarlier(lease)
    return lease
  }
  return {
    acquireLease: (name, owner, ttlMs, nowMs) =>
      reached(async () => {
        const expiresAtMs = nowMs + ttlMs
        const renewed = await leases.findOneAndUpdate(
          { _id: name, owner, expiresAtMs: { $gt: nowMs } },
          { $set: { expiresAtMs } },
          { returnDocument: 'after' },
        )
        if (renewed) return prolong(toLease(renewed))
        const taken = await leases.findOneAndUpdate(
          { _id: name, expiresAtMs: { $lte: nowMs } },
          { $set: { owner, expiresAtMs }, $inc: { token: 1 } },
          { returnDocument: 'after' },
        )
        return begin(taken ? toLease(taken) : await create({ _id: name, owner, token: 1, expiresAtMs }))
      }),
    releaseLease: (name, owner, token) =>
      reached(async () => {
        const { matchedCount } = await leases.updateOne({ _id: name, owner, token }, { $set: { expiresAtMs: 0 } })
        if (matchedCount > 0) await terms.deleteOne({ _id: termId({ name, token }) })
      }),
  }
}
