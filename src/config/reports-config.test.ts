import { expect, test } from 'vitest'
import { isBelayError } from '../domain/errors.ts'
import { loadConfig } from './config.ts'

const load = (text: string, env: Record<string, string> = {}) => loadConfig(text, env, {})

test('reports go nowhere unless it is said', () => {
  expect(load('timeZone: UTC').reports).toEqual({ mail: null, slack: null })
  expect(load('timeZone: UTC').schedule).toEqual({})
})

test('the secrets of mail and webhook come from the environment and are taken out of every text', () => {
  const env = { SMTP_PASSWORD: 'a-long-password', SLACK_URL: 'https://hooks.example.com/services/T0/B0/xyz' }
  const config = load(
    `reports:
  mail: { host: mail.example.com, user: belay, password: "\${SMTP_PASSWORD}", from: "Belay <belay@example.com>", to: [lead@example.com] }
  slack: { webhookUrl: "\${SLACK_URL}" }
schedule: { report/daily: "15 7 * * 1-5", report/deliver: off }`,
    env,
  )
  expect(config.reports.mail).toMatchObject({ port: 587, tls: 'required', password: 'a-long-password' })
  expect(config.schedule).toEqual({ 'report/daily': '15 7 * * 1-5', 'report/deliver': 'off' })
  expect(config.redact(`x ${env.SMTP_PASSWORD} ${env.SLACK_URL} y`)).toBe('x [secret] [secret] y')
})

test('a webhook address that stands in the file is a secret too', () => {
  const url = 'https://hooks.example.com/services/T0/B0/xyz'
  expect(load(`reports: { slack: { webhookUrl: "${url}" } }`).redact(url)).toBe('[secret]')
})

test.each([
  ['reports: { mail: { host: m, from: a@b.c, to: [] } }', 'needs an address'],
  ['reports: { mail: { host: m, from: nobody, to: [a@b.c] } }', 'must be a mail address'],
  ['reports: { mail: { host: m, user: u, from: a@b.c, to: [a@b.c] } }', 'needs both user and password'],
  ['reports: { mail: { host: m, tls: none, from: a@b.c, to: [a@b.c] } }', 'only to a server on this machine'],
  ['reports: { slack: { webhookUrl: "http://hooks.example.com/x" } }', 'must be a full https:// URL'],
  ['reports: { slak: null }', 'slack'],
  ['schedule: { report/daily: "0 25 * * *" }', 'must be five fields'],
  ['schedule: { report/daily: "@daily" }', 'must be five fields'],
])('%s is refused with what to write', (text, message) => {
  let told = ''
  try {
    load(text)
  } catch (error) {
    told = isBelayError(error, 'config-invalid') ? `${error.message} ${error.fix}` : ''
  }
  expect(told).toMatch(/line 1/)
  expect(told).toContain(message)
})
