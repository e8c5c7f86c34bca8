// Incidents, newest first.
import type { Document } from 'mongodb'
import type { Store } from '../../ports/store.ts'
import { decodeCursor, pageLimit, pageOf } from '../page.ts'
import { toIncident } from './codec.ts'
import { type Connection, reached } from './connection.ts'
import { before, fromNewest } from './paging.ts'

export const mongoIncidents = ({ collections }: Connection): Pick<Store, 'listIncidents'> => ({
  listIncidents: ({ sku, after, limit }) =>
    reached(async () => {
      const rows = pageLimit(limit)
      const found = await collections.incidents
        .find({
          ...(sku === undefined ? {} : { sku }),
          ...(after === null ? fromNewest('atMs') : before(['atMs', '_id'], decodeCursor(after, [0, '']))),
        } as Document)
        .sort({ atMs: -1, _id: -1 })
        .limit(rows + 1)
        .toArray()
      return pageOf(found.map(toIncident), rows, (incident) => [incident.atMs, incident.id])
    }),
})
