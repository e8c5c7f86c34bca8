// When a request is sent at all, and what its failure says of how far it got.
import { expect, test } from 'vitest'
import { createVirtualClock } from '../../../test/support/virtual-clock.ts'
import { exchange, sendBeforeOf } from './exchange.ts'

const setUp = () => {
  const clock = createVirtualClock()
  let sent = 0
  const fetch = (): Promise<Response> => {
    sent += 1
    return Promise.resolve(new Response('yes'))
  }
  const post = (sendBeforeMs?: number, signal = new AbortController().signal) =>
    exchange({ fetch, clock }, 'https://platform.example/', { method: 'POST', headers: {}, timeoutMs: 1_000, signal, sendBeforeMs })
  return { clock, post, sent: () => sent }
}

test('a request is not sent from its last moment on, and says that it was not', async () => {
  const { clock, post, sent } = setUp()
  const lastMs = clock.nowMs() + 5_000
  expect((await post(lastMs)).text).toBe('yes')
  await clock.advance(5_000)
  await expect(post(lastMs)).rejects.toMatchObject({ failure: 'unsent' })
  expect((await post()).text).toBe('yes')
  expect(sent()).toBe(2)
})

test('a request of several items is sent as long as each of them may be', () => {
  expect(sendBeforeOf([{ sendBeforeMs: 7 }, {}, { sendBeforeMs: 5 }])).toEqual({ sendBeforeMs: 5 })
  expect(sendBeforeOf([{}, {}])).toEqual({})
})
