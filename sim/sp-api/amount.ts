// Money as SP-API writes it: a decimal text and a currency code.

const digitsByCurrency = new Map<string, number>()

/** ISO 4217 minor digits, from the runtime's own table. */
const minorDigits = (currency: string): number => {
  let digits = digitsByCurrency.get(currency)
  if (digits === undefined) {
    digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
    digitsByCurrency.set(currency, digits)
  }
  return digits
}

export interface Amount {
  readonly currencyCode: string
  readonly amount: string
}

export const amountOf = (minor: number, currency: string): Amount => {
  const digits = minorDigits(currency)
  if (digits === 0) return { currencyCode: currency, amount: String(minor) }
  const text = String(Math.abs(minor)).padStart(digits + 1, '0')
  const sign = minor < 0 ? '-' : ''
  return { currencyCode: currency, amount: `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}` }
}
