// Time comes in through here, so that the same code runs on the machine's clock and on a simulation's.

export interface Clock {
  /** Epoch milliseconds. */
  nowMs(): number
  /** Resolves after `ms` of this clock, or at once when the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
