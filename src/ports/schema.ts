// The schema of a store: numbered steps that only add. A store is at the number of the last step that it has had.

export interface SchemaStatus {
  /** 0: a new store. More than the last step: a newer program wrote it. */
  readonly stored: number
  /** Those that this program knows, in order; those above `stored` are pending. */
  readonly steps: readonly { readonly number: number; readonly title: string }[]
}

export interface SchemaStore {
  /** Brings the schema up to date, step by step; refuses (`schema-unknown`) one that is newer than this program. Safe to run twice at once. */
  migrate(): Promise<{ readonly from: number; readonly to: number }>
  /** Changes nothing. */
  schemaStatus(): Promise<SchemaStatus>
}
