// The app on a socket, with the bounds that keep slow or idle connections from piling up, and an end that lets running requests finish.
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { BelayError } from '../domain/errors.ts'

export interface HttpServer {
  readonly url: string
  readonly port: number
  /** Takes no new connections, lets running requests end, and cuts what is left after five seconds. Idempotent. */
  close(): Promise<void>
}

interface Serveable {
  fetch(request: Request): Response | Promise<Response>
}

const headersTimeoutMs = 15_000
/** A whole request, a 32 MiB import over a slow line included. */
const requestTimeoutMs = 120_000
const maxConnections = 2000
const closeGraceMs = 5000

const listenFailure = (error: NodeJS.ErrnoException, host: string, port: number): BelayError => {
  const where = `${host} port ${port}`
  if (error.code === 'EADDRINUSE')
    return new BelayError('address-unavailable', `Cannot listen on ${where}: another program does already.`, {
      fix: 'Stop that program, or choose another port (http.port in the configuration, --port for the demo).',
      cause: error,
    })
  return new BelayError('address-unavailable', `Cannot listen on ${where}: ${error.code ?? error.message}.`, {
    fix: 'Choose an address of this machine and a port above 1023 (http.host and http.port in the configuration).',
    cause: error,
  })
}

export const serveHttp = async (app: Serveable, { host, port }: { readonly host: string; readonly port: number }): Promise<HttpServer> => {
  const server = createAdaptorServer({
    fetch: (request) => app.fetch(request),
    overrideGlobalObjects: false,
    serverOptions: { headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs },
  }) as Server
  server.maxConnections = maxConnections
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFailure(error, host, port)))
    server.listen(port, host, () => resolve())
  })
  const address = server.address()
  const actualPort = typeof address === 'object' && address !== null ? address.port : port
  let closing: Promise<void> | null = null
  // A connection that becomes idle while the server closes has no reason to stay.
  server.on('request', (_request, response) => {
    response.once('close', () => {
      if (closing) setImmediate(() => server.closeIdleConnections())
    })
  })
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      const cut = setTimeout(() => server.closeAllConnections(), closeGraceMs)
      server.close(() => {
        clearTimeout(cut)
        resolve()
      })
      server.closeIdleConnections()
    })
  return {
    url: `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${actualPort}`,
    port: actualPort,
    close: () => (closing ??= close()),
  }
}
