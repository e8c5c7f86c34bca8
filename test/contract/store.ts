// What every store engine does. `make` gives an empty, migrated store; each test uses ids of its own, so most share one.
import { afterAll, beforeAll, describe } from 'vitest'
import type { Store } from '../../src/ports/store.ts'
import { describeCommits } from './store-commit.ts'
import { describeInventory } from './store-inventory.ts'
import { describeCommitters } from './store-committers.ts'
import { describeLeases } from './store-leases.ts'
import { describeListings } from './store-listings.ts'
import { describeModel } from './store-model.ts'
import { describePeers } from './store-peers.ts'
import { describeProcesses } from './store-processes.ts'
import { describeQueues } from './store-queues.ts'
import { describeReports } from './store-reports.ts'
import { describeReconciliations } from './store-reconciliations.ts'
import { describeSchedules } from './store-schedules.ts'
import { describeSnapshots } from './store-snapshots.ts'
import { describeSchema } from './store-schema.ts'
import { describeTransfer } from './store-transfer.ts'

interface StoreUnderTest {
  readonly store: Store
  /** For another process: what `openStore` takes. */
  readonly url: string
  /** The same data through a connection of its own, which `destroy` closes too. */
  readonly reopen: () => Promise<Store>
  /** Makes the stored schema look like one of a later program. */
  readonly raiseSchema: () => Promise<void>
  readonly destroy: () => Promise<void>
}

export type MakeStore = () => Promise<StoreUnderTest>

/** The store that the tests of one file share. */
export type Shared = () => StoreUnderTest

export const describeStore = (name: string, make: MakeStore): void => {
  describe(`store on ${name}`, () => {
    let shared: StoreUnderTest | null = null
    beforeAll(async () => {
      shared = await make()
    })
    afterAll(async () => {
      await shared?.destroy()
    })
    const get: Shared = () => {
      if (!shared) throw new Error('The store was not made')
      return shared
    }
    describeCommits(get)
    describeQueues(get, make)
    describeListings(get, make)
    describeLeases(get)
    describeSchedules(get)
    describeReconciliations(get, make)
    describePeers(get)
    describeSnapshots(get, make)
    describeReports(get, make)
    describeInventory(get, make)
    describeSchema(get, make)
    describeTransfer(make)
    describeProcesses(get)
    describeCommitters(get)
    describeModel(make)
  })
}
