// What the tables of a report are made of: a cell is what people read, and the bare value for machines.
// Money is told with its currency. Nothing here knows what a figure means.

export interface TableCell {
  readonly text: string
  readonly value: string | number | null
}

export interface ReportTable {
  /** Stable: part of an address and of a file's name. */
  readonly id: string
  readonly title: string
  /** What the figures mean, one sentence each. */
  readonly notes: readonly string[]
  /** `name`: for people. `key`: for machines. */
  readonly columns: readonly { readonly key: string; readonly name: string; readonly numeric: boolean }[]
  readonly rows: readonly (readonly TableCell[])[]
  /** How many rows a page shows; the others are in the CSV. */
  readonly shown: number
  /** Instead of rows, when there are none. */
  readonly empty: string
}

export type Bare = Omit<ReportTable, 'shown'>

export const word = (text: string | null): TableCell => ({ text: text ?? '–', value: text })
export const whole = (value: number | null): TableCell => ({ text: value === null ? '–' : value.toLocaleString('en-GB'), value })

const digitsOf = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2

/** Exact: minor units as a decimal text. */
export const decimalText = (minor: number, currency: string): string => {
  const digits = digitsOf(currency)
  const text = String(Math.abs(minor)).padStart(digits + 1, '0')
  const sign = minor < 0 ? '-' : ''
  return digits === 0 ? `${sign}${text}` : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`
}

export const moneyText = (minor: number, currency: string): string => {
  const [units = '', fraction] = decimalText(minor, currency).split('.')
  const grouped = units.replace(/\B(?=(\d{3})+$)/g, ',')
  return `${currency} ${grouped}${fraction === undefined ? '' : `.${fraction}`}`
}

export const money = (minor: number, currency: string): TableCell => ({
  text: moneyText(minor, currency),
  value: decimalText(minor, currency),
})

export const thousandths = (value: number | null, unit = ''): TableCell => ({
  text: value === null ? '–' : `${(value / 1000).toLocaleString('en-GB', { maximumFractionDigits: 1, minimumFractionDigits: 1 })}${unit}`,
  value: value === null ? null : value / 1000,
})

export const percentText = (permille: number | null): string => (permille === null ? '–' : `${(permille / 10).toFixed(1)} %`)
export const percent = (permille: number | null): TableCell => ({
  text: percentText(permille),
  value: permille === null ? null : permille / 10,
})

export const durationText = (ms: number | null): string => {
  if (ms === null) return '–'
  if (ms < 1000) return `${ms} ms`
  if (ms < 100_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 6_000_000) return `${Math.round(ms / 60_000)} min`
  return `${(ms / 3_600_000).toFixed(1)} h`
}
export const duration = (ms: number | null): TableCell => ({ text: durationText(ms), value: ms })

/** "+12 %", against what it was. */
export const changeText = (now: number, then: number): string => {
  if (now === then) return '±0 %'
  if (then === 0) return 'from 0'
  const change = Math.round(((now - then) * 100) / then)
  return `${change >= 0 ? '+' : '−'}${Math.abs(change).toLocaleString('en-GB')} %`
}
export const change = (now: number, then: number): TableCell => ({ text: changeText(now, then), value: then })

export const column = (key: string, name: string, numeric = true) => ({ key, name, numeric })

export const counted = (count: number, one: string, many: string): string => `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`
