// Randomness comes in through here. `uuid` is for idempotency keys and ids that must be unique for ever.

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** RFC 9562 version 4 text. */
  uuid(): string
}
