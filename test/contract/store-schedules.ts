// The state of scheduled jobs: kept as it was written, and never written over by an owner whose lease is over.
import { describe, expect, test } from 'vitest'
import type { JobState } from '../../src/ports/schedule.ts'
import { startMs } from '../support/store-samples.ts'
import type { Shared } from './store.ts'

const jobState = (name: string, over: Partial<JobState> = {}): JobState => ({
  name,
  sinceMs: startMs,
  dueAtMs: null,
  startedAtMs: null,
  endedAtMs: null,
  outcome: null,
  message: null,
  attempts: 0,
  ...over,
})

export const describeSchedules = (shared: Shared): void => {
  describe('scheduled jobs', () => {
    test('a state is read as it was written; of a job that never ran there is none', async () => {
      const { store, reopen } = shared()
      const state = jobState('kept', {
        dueAtMs: startMs,
        startedAtMs: startMs + 1,
        endedAtMs: startMs + 2,
        outcome: 'done',
        message: 'did it',
        attempts: 1,
      })
      expect(await store.readSchedule('kept')).toBeNull()
      expect(await store.writeSchedule(state, 3)).toBe(true)
      expect(await (await reopen()).readSchedule('kept')).toEqual(state)
      expect(await store.writeSchedule(jobState('kept'), 3)).toBe(true)
      expect(await store.readSchedule('kept')).toEqual(jobState('kept'))
    })

    test('an owner with a lower number than the last writer changes nothing', async () => {
      const { store } = shared()
      expect(await store.writeSchedule(jobState('fenced', { message: 'first' }), 1)).toBe(true)
      expect(await store.writeSchedule(jobState('fenced', { message: 'second' }), 2)).toBe(true)
      expect(await store.writeSchedule(jobState('fenced', { message: 'late' }), 1)).toBe(false)
      expect(await store.readSchedule('fenced')).toMatchObject({ message: 'second' })
    })
  })
}
