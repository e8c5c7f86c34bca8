// Keeps secrets out of every text that leaves the process: whatever came from the environment into the configuration, and whatever
// stands under a key that names a secret, is replaced wherever it appears (as it is, in JSON, in a URL).
// A value shorter than `minSecretLength` is not replaced: it would hide half of every line.

const minSecretLength = 4

export type Redact = (text: string) => string

const forms = (secret: string): readonly string[] => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]

export const createRedactor = (secrets: Iterable<string>): Redact => {
  const known = new Set<string>()
  for (const secret of secrets) if (secret.length >= minSecretLength) for (const form of forms(secret)) known.add(form)
  // Longest first: a secret that contains another one is replaced as a whole.
  const ordered = [...known].sort((a, b) => b.length - a.length)
  return (text) => ordered.reduce((out, secret) => (out.includes(secret) ? out.replaceAll(secret, '[secret]') : out), text)
}

const secretKey = /secret|token|password|passphrase|credential|privatekey|apikey|accesskey|webhookurl/i

/** Strings under keys that name a secret, and passwords inside of connection strings. */
export const secretsWithin = (value: unknown, underSecretKey = false): readonly string[] => {
  if (typeof value === 'string') {
    if (underSecretKey) return [value]
    const password = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s]*:([^/@\s]+)@/i.exec(value)?.[1]
    return password === undefined ? [] : [password]
  }
  if (Array.isArray(value)) return value.flatMap((each) => secretsWithin(each, underSecretKey))
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, each]) => secretsWithin(each, underSecretKey || secretKey.test(key)))
  return []
}
