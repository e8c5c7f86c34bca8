// What is done about drift, by kind: flag (told, nothing is done), correct, or ask a person first. A correction never writes a number: it
// puts the listing's number in doubt, so that the protocol reads it, makes evidence of what it reads, and plans from there. What cannot be
// mended that way (a mapping) can only be flagged or asked about. A run with too many differences acts on nothing: then the mapping or the
// platform is wrong, and a person decides.
import { type Action, type DriftKind, driftKinds } from './reconcile.ts'

export interface ReconcilePolicy {
  readonly actions: Readonly<Record<DriftKind, Action>>
  /** More differences than this many stop the run. */
  readonly maxDifferences: number
  /** ... or more than this many of a thousand compared, from `alwaysAllowed` on. */
  readonly maxPerMille: number
}

/** Below this many a share says nothing: three of ten offers are three mistakes, not a broken platform. */
export const alwaysAllowed = 20

/** Kinds that no look by the protocol mends: the hub's own mapping, or offers it has no listing for. */
export const onlyByPerson: ReadonlySet<DriftKind> = new Set<DriftKind>(['wrong-sku', 'duplicate-sku', 'pack-size', 'offer-unknown'])

/**
 * correct, where a look through the protocol ends the difference and cannot do harm: numbers; and offers whose number bounds nothing, which
 * leave the guarantee by that look, so that nobody relies on it. ask, where goods or mappings are in question. flag: no concern of the hub.
 */
export const defaultPolicy: ReconcilePolicy = {
  actions: {
    'sale-not-seen': 'correct',
    'lost-write': 'correct',
    'never-applied': 'correct',
    'raised-in-channel': 'correct',
    'lowered-or-sold-untold': 'correct',
    'stock-moved': 'ask',
    'wrong-sku': 'ask',
    'duplicate-sku': 'ask',
    'pack-size': 'ask',
    untracked: 'correct',
    'sells-below-zero': 'correct',
    'fulfilment-switched': 'correct',
    'listing-inactive': 'flag',
    'listing-gone': 'ask',
    'offer-unknown': 'flag',
  },
  maxDifferences: 500,
  maxPerMille: 50,
}

/** `differences`: without unknown offers, which are no business of the hub's and may be many. */
export const isTooMany = (differences: number, compared: number, policy: ReconcilePolicy): boolean =>
  differences > policy.maxDifferences || (differences > alwaysAllowed && differences * 1000 > policy.maxPerMille * Math.max(1, compared))

export const withActions = (policy: ReconcilePolicy, actions: Readonly<Partial<Record<DriftKind, Action>>>): ReconcilePolicy => ({
  ...policy,
  actions: Object.fromEntries(driftKinds.map((kind) => [kind, actions[kind] ?? policy.actions[kind]])) as Record<DriftKind, Action>,
})
