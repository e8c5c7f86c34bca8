import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTimeline } from './timeline.ts'

const drained = <T extends { readonly atMs: number }>(timeline: { take(): T | undefined }): T[] => {
  const taken: T[] = []
  for (let next = timeline.take(); next; next = timeline.take()) taken.push(next)
  return taken
}

test('is empty at first', () => {
  const timeline = createTimeline()
  expect([timeline.first(), timeline.take(), timeline.size]).toEqual([undefined, undefined, 0])
})

test('gives back by time, then in the order of entry, also when entries come in between', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { maxLength: 60 }), fc.array(fc.nat(9), { maxLength: 60 }), fc.nat(60), (early, late, takes) => {
      const timeline = createTimeline<{ atMs: number; name: number }>()
      let held: { atMs: number; name: number }[] = []
      const add = (atMs: number, name: number): void => {
        timeline.add({ atMs, name })
        held = [...held, { atMs, name }].sort((a, b) => a.atMs - b.atMs || a.name - b.name)
      }
      for (const [name, atMs] of early.entries()) add(atMs, name)
      for (let n = 0; n < takes; n++) {
        expect(timeline.first()).toEqual(held[0])
        expect(timeline.take()).toEqual(held.shift())
      }
      for (const [name, atMs] of late.entries()) add(atMs, early.length + name)
      expect(timeline.size).toBe(held.length)
      expect(drained(timeline)).toEqual(held)
    }),
  )
})
