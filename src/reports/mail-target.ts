// Sends a report by SMTP: the plain text and the HTML of it. Throws when the server did not take it for every recipient.
import { createTransport } from 'nodemailer'
import { dayTitle, reportHtml } from './report-html.ts'
import { reportText } from './report-text.ts'
import type { ReportTarget } from '../ports/report-desk.ts'

export interface MailConfig {
  readonly host: string
  readonly port: number
  /** implicit: TLS from the first byte. required: STARTTLS or nothing. none: for a server on this machine. */
  readonly tls: 'implicit' | 'required' | 'none'
  readonly user: string | null
  readonly password: string | null
  readonly from: string
  readonly to: readonly string[]
}

const timeoutMs = 30_000

export const mailTarget = (config: MailConfig): ReportTarget => ({
  name: 'mail',
  deliver: async (report, signal) => {
    const transport = createTransport({
      host: config.host,
      port: config.port,
      secure: config.tls === 'implicit',
      requireTLS: config.tls === 'required',
      ignoreTLS: config.tls === 'none',
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(config.user === null || config.password === null ? {} : { auth: { user: config.user, pass: config.password } }),
    })
    const close = (): void => transport.close()
    signal.addEventListener('abort', close, { once: true })
    try {
      const sent = await transport.sendMail({
        from: config.from,
        to: [...config.to],
        subject: `Belay: ${dayTitle(report)}`,
        text: reportText(report),
        html: reportHtml(report),
        headers: { 'Auto-Submitted': 'auto-generated' },
      })
      if (sent.rejected.length > 0) throw new Error(`the server refused ${sent.rejected.length} of ${config.to.length} recipients`)
    } finally {
      signal.removeEventListener('abort', close)
      transport.close()
    }
  },
})
