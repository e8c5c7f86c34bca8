// `reports`: where daily reports are sent. The password and the webhook's address are secrets: they come from the environment.
import { z } from 'zod'
import { isLoopback } from './api-key.ts'

const address = z
  .string()
  .max(320, 'is too long')
  .regex(
    /^[^\s\u0000-\u001f\u007f]+@[^\s@\u0000-\u001f\u007f]+$|^[^<>\u0000-\u001f\u007f]+<[^\s<>]+@[^\s<>]+>$/,
    'must be a mail address, for example belay@example.com',
  )

/** A webhook is given the day's figures: over the network only encrypted. */
const isSafeUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
}

const mail = z.strictObject({
  host: z.string().min(1, 'must not be empty').max(255, 'is too long'),
  port: z.int('must be a whole number').min(1, 'must be from 1 to 65535').max(65_535, 'must be from 1 to 65535').default(587),
  /** implicit: TLS from the first byte (port 465). required: STARTTLS. none: only for a server on this machine. */
  tls: z.enum(['implicit', 'required', 'none']).default('required'),
  user: z.string().min(1, 'must not be empty').nullable().default(null),
  password: z.string().min(1, 'must not be empty').nullable().default(null),
  from: address,
  to: z.array(address).min(1, 'needs an address').max(50, 'at most 50 addresses'),
})

export const reportsConfig = z
  .strictObject({
    mail: mail
      .refine((each) => (each.user === null) === (each.password === null), 'needs both user and password, or neither')
      .refine((each) => each.tls !== 'none' || isLoopback(each.host), 'sends unencrypted only to a server on this machine: set tls')
      .nullable()
      .default(null),
    slack: z
      .strictObject({ webhookUrl: z.string().refine(isSafeUrl, 'must be a full https:// URL') })
      .nullable()
      .default(null),
  })
  .prefault({})
