// What `belay check` finds out about a vendor account before anything is sent. Reads only.
import { BelayError } from '../../domain/errors.ts'
import type { CheckFinding } from '../../ports/channel.ts'
import type { AmazonVendorConfig } from './config.ts'
import { belayError } from './errors.ts'
import { directStream, type OrderPoller, retailStream } from './poll.ts'

const subjects: Readonly<Record<string, string>> = {
  [directStream]: 'direct fulfilment orders (with a restricted data token)',
  [retailStream]: 'purchase orders',
}

const attempt = async (poller: OrderPoller, stream: string, signal: AbortSignal): Promise<BelayError | null> => {
  try {
    await poller.probe(stream, signal)
    return null
  } catch (error) {
    return belayError(error)
  }
}

export const checkAccount = async (
  poller: OrderPoller,
  streams: readonly string[],
  config: Pick<AmazonVendorConfig, 'directFulfilment' | 'selfDecrement'>,
  signal: AbortSignal,
): Promise<readonly CheckFinding[]> => {
  const findings: CheckFinding[] = []
  let tokenError: BelayError | null = null
  let answered = false
  for (const stream of streams) {
    const error = await attempt(poller, stream, signal)
    if (error?.code === 'channel-credentials-rejected') tokenError = error
    else if (error?.code !== 'channel-unreachable') answered = true
    findings.push({
      ok: error === null,
      subject: subjects[stream] ?? stream,
      message: error === null ? 'readable' : error.message,
      fix: error === null ? null : (error.fix ?? 'try again; if it stays, look at the status page of the Selling Partner API'),
    })
  }
  const token: CheckFinding =
    tokenError !== null
      ? {
          ok: false,
          subject: 'token',
          message: tokenError.message,
          fix: tokenError.fix ?? 'check client id, client secret and refresh token',
        }
      : answered
        ? { ok: true, subject: 'token', message: 'accepted', fix: null }
        : { ok: false, subject: 'token', message: 'Amazon could not be reached', fix: 'check the endpoint and the network' }
  if (config.directFulfilment)
    findings.push({
      ok: true,
      subject: 'guarantee',
      message:
        config.selfDecrement === 'attested'
          ? 'direct fulfilment is protected, on the merchant’s word that Amazon lowers its own quantity when it sells'
          : 'direct fulfilment is unprotected: Amazon does not document that it lowers its own quantity when it sells',
      fix:
        config.selfDecrement === 'attested' ? null : 'watch one item through a sale in Vendor Central, then set selfDecrement to attested',
    })
  return [token, ...findings]
}
