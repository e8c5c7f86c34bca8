// The compose file is for people who have Docker; what can be held without it: it parses, it publishes nothing beyond this machine, and it
// holds no password.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const text = readFileSync(new URL('../docker-compose.yml', import.meta.url), 'utf8')

interface Service {
  readonly image: string
  readonly command: readonly string[]
  readonly ports: readonly string[]
  readonly healthcheck: { readonly test: readonly string[] }
  readonly environment?: unknown
}

test('MongoDB is a replica set of one on the loopback address, without a password in the file', () => {
  const { services } = parse(text) as { readonly services: Readonly<Record<string, Service>> }
  const mongo = services['mongo']
  expect(mongo?.image).toMatch(/^mongo:\d/)
  expect(mongo?.command).toContain('--replSet')
  expect(mongo?.ports.every((port) => port.startsWith('127.0.0.1:'))).toBe(true)
  expect(mongo?.environment).toBeUndefined()
  const check = mongo?.healthcheck.test.join(' ') ?? ''
  expect(check).toContain('rs.initiate')
  // The set's name and member are those of the store that the file tells people to configure.
  expect(text).toContain('store: mongodb://127.0.0.1:27017/belay?replicaSet=belay')
  expect(check).toContain('_id: "belay"')
  expect(check).toContain('host: "127.0.0.1:27017"')
})
