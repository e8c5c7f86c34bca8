// AWS Signature Version 4, the verifying side. The time of the signature is not compared with the clock: the simulator's may be virtual.
import { createHash, createHmac } from 'node:crypto'
import { sameSecret } from '../sp-api/login.ts'

export interface AwsIdentity {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
const sign = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

const authorization =
  /^AWS4-HMAC-SHA256 Credential=(?<keyId>[^/]+)\/(?<date>\d{8})\/(?<region>[^/]+)\/(?<service>[^/]+)\/aws4_request, ?SignedHeaders=(?<headers>[a-z0-9;-]+), ?Signature=(?<signature>[0-9a-f]{64})$/

const canonicalQuery = (search: URLSearchParams): string =>
  [...search]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join('&')

export type SignatureFault = 'MissingAuthenticationTokenException' | 'UnrecognizedClientException' | 'InvalidSignatureException'

/** null: the request was signed with this identity's secret for SQS in its region. */
export const signatureFault = (request: Request, body: string, identity: AwsIdentity): SignatureFault | null => {
  const found = authorization.exec(request.headers.get('authorization') ?? '')?.groups
  if (!found) return 'MissingAuthenticationTokenException'
  const { keyId = '', date = '', region = '', service = '', headers = '', signature = '' } = found
  if (!sameSecret(keyId, identity.accessKeyId)) return 'UnrecognizedClientException'
  if (region !== identity.region || service !== 'sqs') return 'InvalidSignatureException'
  const url = new URL(request.url)
  // A request that was handed over within the process has not the two headers that HTTP itself writes.
  const written: Readonly<Record<string, string>> = { host: url.host, 'content-length': String(Buffer.byteLength(body)) }
  const headerLines = headers.split(';').map((name) => {
    const value = request.headers.get(name) ?? written[name] ?? ''
    return `${name}:${value.trim().replaceAll(/ +/g, ' ')}\n`
  })
  const canonical = [request.method, url.pathname, canonicalQuery(url.searchParams), headerLines.join(''), headers, hash(body)].join('\n')
  const scope = `${date}/${region}/${service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', request.headers.get('x-amz-date') ?? '', scope, hash(canonical)].join('\n')
  const key = sign(sign(sign(sign(`AWS4${identity.secretAccessKey}`, date), region), service), 'aws4_request')
  return sameSecret(sign(key, toSign).toString('hex'), signature) ? null : 'InvalidSignatureException'
}
