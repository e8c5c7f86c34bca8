// Posts a report's summary to an incoming webhook in the Slack format (Block Kit). The address is a secret and never part of a message.
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, https://docs.slack.dev/reference/block-kit/blocks
import { durationText, percentText } from '../domain/report-cells.ts'
import type { DailyReport } from '../domain/report-figures.ts'
import { netUnits, reportHeadlines } from '../domain/report-tables.ts'
import type { Fetch } from '../ports/channel.ts'
import type { ReportTarget } from '../ports/report-desk.ts'
import { dayTitle } from './report-html.ts'

/** Slack's own limits: a header has 150 characters, a text of a section 3,000, a message 50 blocks, a section 10 fields. */
const maxHeader = 150
const maxSection = 3000
const maxFields = 10

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
const escapeText = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text)
const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text: cut(text, maxSection) } })

export const slackMessage = (report: DailyReport): Readonly<Record<string, unknown>> => {
  const headlines = reportHeadlines(report).map(escapeText)
  const fields = report.sales.channels.map((each) => {
    const sync = report.sync.find(({ channel }) => channel === each.channel)
    const speed = sync?.p95Ms == null ? '' : `, p95 ${durationText(sync.p95Ms)}`
    return {
      type: 'mrkdwn',
      text: cut(`*${escapeText(each.channel)}*\n${each.orders} orders, ${netUnits(each)} units net${speed}`, 2000),
    }
  })
  const fills = report.purchases.map(
    (each) =>
      `*${escapeText(each.channel)}*: ${each.askedUnits} units asked, ${each.acceptedUnits} accepted (${percentText(each.fillPermille)})`,
  )
  return {
    text: `Belay: ${dayTitle(report)}. ${headlines[0] ?? ''}`,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: cut(dayTitle(report), maxHeader) } },
      section(headlines.map((line) => `• ${line}`).join('\n')),
      ...(fields.length > 0 ? [{ type: 'section', fields: fields.slice(0, maxFields) }] : []),
      ...(fills.length > 0 ? [section(`Purchase orders\n${fills.join('\n')}`)] : []),
      {
        type: 'context',
        elements: [{ type: 'mrkdwn', text: escapeText(`Times in ${report.timeZone}. All tables: belay report --day ${report.day}`) }],
      },
    ],
  }
}

export const slackTarget = (url: string, fetch: Fetch): ReportTarget => ({
  name: 'slack',
  deliver: async (report, signal) => {
    let response: Response
    try {
      response = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(slackMessage(report)),
        redirect: 'error',
        signal,
      })
    } catch {
      // What fetch says may repeat the address.
      throw new Error('the webhook could not be reached')
    }
    await response.body?.cancel()
    if (!response.ok) throw new Error(`the webhook answered ${response.status}`)
  },
})
