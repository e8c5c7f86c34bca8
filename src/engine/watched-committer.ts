// A committer that watches: every change that goes through it is looked at for what it means to people (domain/stock-incidents.ts), and the
// incidents and resolutions are part of its commit. An oversell that no order reported is decided once more with the orders that it hits.
import { stockKeyText } from '../domain/ids.ts'
import type { Incident } from '../domain/incidents.ts'
import type { KnownSettings } from '../domain/protection.ts'
import { type AffectedOrder, watchStock } from '../domain/stock-incidents.ts'
import { sellableUnits, type Stock } from '../domain/stock.ts'
import type { Store } from '../ports/store.ts'
import { affectedOrders } from './affected-orders.ts'
import type { Change, Committer, Decision, Needs, View } from './change.ts'

type Known = ReadonlyMap<string, readonly AffectedOrder[]>

/** What a watched change resolves to: its value, or the documents whose orders must be looked for first. */
type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T; readonly incidents: readonly Incident[] }
  | { readonly kind: 'wants-orders'; readonly stock: readonly Stock[] }

export interface WatchedCommitterOptions {
  readonly committer: Committer
  readonly store: Store
  readonly settingsOf: KnownSettings
  /** Called after the commit, once for each incident that it stored. */
  readonly onIncident: (incident: Incident) => void
}

const done = <T>(decision: Decision<T>, incidents: readonly Incident[]): Decision<Outcome<T>> => ({
  ...decision,
  incidents,
  value: { kind: 'done', value: decision.value, incidents },
})

const watchDecision = <T>(decision: Decision<T>, view: View, settingsOf: KnownSettings, known: Known | null): Decision<Outcome<T>> => {
  const written = decision.stock ?? []
  const reported = decision.incidents ?? []
  if (written.length === 0) return done(decision, reported)
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
  if (wanting.length > 0 && known === null) return { value: { kind: 'wants-orders', stock: wanting } }
  return done({ ...decision, stock, resolvedIncidents: resolved }, incidents)
}

const watched = <T>(change: Change<T>, settingsOf: KnownSettings, known: Known | null): Change<Outcome<T>> => ({
  ...change,
  decide: (view): Decision<Outcome<T>> | Needs => {
    const decision = change.decide(view)
    return 'needs' in decision ? decision : watchDecision(decision, view, settingsOf, known)
  },
})

export const watchCommitter = ({ committer, store, settingsOf, onIncident }: WatchedCommitterOptions): Committer => {
  const submit = async <T>(change: Change<T>, known: Known | null): Promise<T> => {
    const outcome = await committer.submit(watched(change, settingsOf, known))
    if (outcome.kind === 'done') {
      for (const incident of outcome.incidents) onIncident(incident)
      return outcome.value
    }
    const found = new Map<string, readonly AffectedOrder[]>()
    for (const stock of outcome.stock) found.set(stockKeyText(stock), await affectedOrders(store, stock, -sellableUnits(stock)))
    return submit(change, found)
  }
  return { submit: (change) => submit(change, null) }
}
