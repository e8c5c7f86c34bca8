// Leases with fencing numbers. A lease's document is never deleted, so its number never repeats.
//   free (expired or released) -> held by X with number n+1 -> renewed by X before it expires, same number -> free
// Each step is one atomic update of one document.
import type { Lease, Store } from '../../ports/store.ts'
import type { LeaseDocument } from './codec.ts'
import { type Connection, isDuplicateKey, reached } from './connection.ts'

export const toLease = ({ _id, owner, token, expiresAtMs }: LeaseDocument): Lease => ({ name: _id, owner, token, expiresAtMs })

export const mongoLeases = ({ collections }: Connection): Pick<Store, 'acquireLease' | 'releaseLease'> => {
  const { leases } = collections
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
  return {
    acquireLease: (name, owner, ttlMs, nowMs) =>
      reached(async () => {
        const expiresAtMs = nowMs + ttlMs
        const renewed = await leases.findOneAndUpdate(
          { _id: name, owner, expiresAtMs: { $gt: nowMs } },
          { $set: { expiresAtMs } },
          { returnDocument: 'after' },
        )
        if (renewed) return toLease(renewed)
        const taken = await leases.findOneAndUpdate(
          { _id: name, expiresAtMs: { $lte: nowMs } },
          { $set: { owner, expiresAtMs }, $inc: { token: 1 } },
          { returnDocument: 'after' },
        )
        if (taken) return toLease(taken)
        return create({ _id: name, owner, token: 1, expiresAtMs, guarded: 0 })
      }),
    releaseLease: (name, owner, token) =>
      reached(async () => {
        await leases.updateOne({ _id: name, owner, token }, { $set: { expiresAtMs: 0 } })
      }),
  }
}
