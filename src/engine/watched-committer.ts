// A committer that watches: every change that goes through it is looked at for what it means to people (domain/stock-incidents.ts), and the
// incidents and resolutions are part of its commit. An oversell that no order reported is decided once more with the orders that it hits.
import { stockKeyText } from '../domain/ids.ts'
import type { Incident } from '../domain/incidents.ts'
import type { KnownSettings } from '../domain/protection.ts'
import { type AffectedOrder, isCalm, watchStock } from '../domain/stock-incidents.ts'
import { sellableUnits, type Stock } from '../domain/stock.ts'
import type { Store } from '../ports/store.ts'
import { affectedOrders } from './affected-orders.ts'
import type { Change, Committer, Decision, Needs, View } from './change.ts'

type Known = ReadonlyMap<string, readonly AffectedOrder[]>

/** What the decision that was committed told; of a change that is decided again, the last one. */
interface Told {
  incidents: readonly Incident[]
  /** Oversold documents whose orders must be looked for first: then nothing was committed. */
  wanting: readonly Stock[]
}

export interface WatchedCommitterOptions {
  readonly committer: Committer
  readonly store: Store
  readonly settingsOf: KnownSettings
  /** Called after the commit, once for each incident that it stored. */
  readonly onIncident: (incident: Incident) => void
}

const noStock: readonly Stock[] = []
const noIncidents: readonly Incident[] = []

const watchDecision = <T>(decision: Decision<T>, view: View, settingsOf: KnownSettings, known: Known | null, told: Told): Decision<T> => {
  const { stock: written = noStock, incidents: reported = noIncidents } = decision
  told.incidents = reported
  told.wanting = noStock
  if (reported.length === 0 && written.every((after) => isCalm(view.stock(after) ?? null, after))) return decision
  const skus = new Set<string>(written.map((stock) => stock.sku))
  const incidents = reported.filter(({ sku }) => sku === null || !skus.has(sku))
  const resolved = [...(decision.resolvedIncidents ?? [])]
  const wanting: Stock[] = []
  const stock = written.map((after) => {
    const watch = watchStock(view.stock(after) ?? null, after, {
      settingsOf,
      nowMs: view.nowMs,
      reported: reported.filter(({ sku }) => sku === after.sku),
      affectedOrders: known?.get(stockKeyText(after)) ?? null,
    })
    if (watch.wantsOrders) wanting.push(after)
    incidents.push(...watch.incidents)
    resolved.push(...watch.resolved)
    return watch.stock
  })
  // Nothing is written yet: the same change comes again with the orders. What is looked for once is not looked for again.
  if (wanting.length > 0 && known === null) {
    told.incidents = noIncidents
    told.wanting = wanting
    return { value: decision.value }
  }
  told.incidents = incidents
  return { ...decision, stock, incidents, resolvedIncidents: resolved }
}

export const watchCommitter = ({ committer, store, settingsOf, onIncident }: WatchedCommitterOptions): Committer => {
  const findOrders = async (wanting: readonly Stock[]): Promise<Known> => {
    const found = new Map<string, readonly AffectedOrder[]>()
    for (const stock of wanting) found.set(stockKeyText(stock), await affectedOrders(store, stock, -sellableUnits(stock)))
    return found
  }
  const submit = <T>(change: Change<T>, known: Known | null): Promise<T> => {
    const told: Told = { incidents: noIncidents, wanting: noStock }
    const decide = (view: View): Decision<T> | Needs => {
      const decision = change.decide(view)
      return 'needs' in decision ? decision : watchDecision(decision, view, settingsOf, known, told)
    }
    return committer.submit({ ...change, decide }).then((value) => {
      if (told.wanting.length > 0) return findOrders(told.wanting).then((orders) => submit(change, orders))
      for (const incident of told.incidents) onIncident(incident)
      return value
    })
  }
  return { submit: (change) => submit(change, null) }
}
