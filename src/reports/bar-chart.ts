// Horizontal bars as inline SVG: a few groups with a bar for each series. Every bar carries its number, so that colour is never needed to
// read it; the colours differ in lightness too. Twenty lines of arithmetic: a chart library would bring more code than the report has.
import { escapeHtml } from './escape-html.ts'

export interface BarGroup {
  readonly name: string
  /** One for each series, 0 or more. */
  readonly values: readonly number[]
}

export interface BarChart {
  readonly title: string
  /** Names of the series; []: there is one that needs none. */
  readonly series: readonly string[]
  readonly groups: readonly BarGroup[]
}

const width = 560
const nameWidth = 130
const valueWidth = 50
const barHeight = 15
const barGap = 2
const groupGap = 10
const legendHeight = 24
const maxNameLength = 18
/** Dark blue, light blue, grey: told apart without colour sight and in grey print. */
const colours = ['#1f5fa8', '#8ab4e0', '#c4cad0']

const short = (name: string): string => (name.length > maxNameLength ? `${name.slice(0, maxNameLength - 1)}…` : name)

export const groupedBars = ({ title, series, groups }: BarChart): string => {
  const most = Math.max(1, ...groups.flatMap(({ values }) => values))
  const scale = (width - nameWidth - valueWidth) / most
  const top = series.length === 0 ? 4 : legendHeight
  const heightOf = ({ values }: BarGroup): number => values.length * (barHeight + barGap) + groupGap
  const height = top + groups.reduce((sum, group) => sum + heightOf(group), 0)
  const legend = series.map(
    (name, i) =>
      `<rect x="${nameWidth + i * 120}" y="4" width="12" height="12" fill="${colours[i]}"/><text x="${nameWidth + i * 120 + 18}" y="14.5">${escapeHtml(name)}</text>`,
  )
  let y = top
  const bars = groups.flatMap((group) => {
    const groupY = y
    y += heightOf(group)
    const middle = groupY + (heightOf(group) - groupGap) / 2 + 4
    return [
      `<text x="${nameWidth - 8}" y="${middle}" text-anchor="end">${escapeHtml(short(group.name))}</text>`,
      ...group.values.map((value, i) => {
        const barY = groupY + i * (barHeight + barGap)
        const length = Math.max(1, Math.round(Math.max(0, value) * scale))
        return `<rect x="${nameWidth}" y="${barY}" width="${length}" height="${barHeight}" fill="${colours[i]}"/><text x="${nameWidth + length + 6}" y="${barY + 11.5}">${value.toLocaleString('en-GB')}</text>`
      }),
    ]
  })
  return `<svg role="img" aria-label="${escapeHtml(title)}" viewBox="0 0 ${width} ${height}" width="100%" style="max-width:${width}px;display:block;margin:6px 0 10px" xmlns="http://www.w3.org/2000/svg" font-family="Helvetica,Arial,sans-serif" font-size="13" fill="#1b1f24"><title>${escapeHtml(title)}</title>${[...legend, ...bars].join('')}</svg>`
}
