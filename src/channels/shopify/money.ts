// Amounts as Shopify writes them (decimal text in the shop's currency) to minor units, exactly; what cannot be read is null, because
// an amount is for reports and never stops a sale from being counted.

interface Decimal {
  /** The digits without the point. */
  readonly digits: bigint
  readonly scale: number
}

const maxCurrencies = 300
const digitsOf = new Map<string, number>()

/** Digits after the point by ISO 4217, as the platform's own currency data has them; 2 for codes it does not know. */
const minorDigits = (currency: string): number => {
  const known = digitsOf.get(currency)
  if (known !== undefined) return known
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
  if (digitsOf.size < maxCurrencies) digitsOf.set(currency, digits)
  return digits
}

const parse = (text: string): Decimal | null => {
  const match = /^(-?)(\d{1,18})(?:\.(\d{1,12}))?$/.exec(text)
  if (!match) return null
  const fraction = match[3] ?? ''
  return { digits: BigInt(`${match[1]}${match[2]}${fraction}`), scale: fraction.length }
}

const add = (a: Decimal, b: Decimal): Decimal => {
  const scale = Math.max(a.scale, b.scale)
  return { digits: a.digits * 10n ** BigInt(scale - a.scale) + b.digits * 10n ** BigInt(scale - b.scale), scale }
}

const roundedTo = (value: Decimal, scale: number): bigint => {
  if (value.scale <= scale) return value.digits * 10n ** BigInt(scale - value.scale)
  const unit = 10n ** BigInt(value.scale - scale)
  const half = value.digits < 0n ? -unit / 2n : unit / 2n
  return (value.digits + half) / unit
}

export interface LinePrice {
  readonly unitPrice: string
  readonly quantity: number
  /** What discounts take off the whole line. */
  readonly discounts: readonly string[]
  /** On the whole line, after discounts. */
  readonly taxes: readonly string[]
  readonly taxesIncluded: boolean
  readonly currency: string
}

/** The discounted item price with tax for the whole ordered quantity. */
export const lineAmountMinor = (price: LinePrice): number | null => {
  if (!/^[A-Z]{3}$/.test(price.currency)) return null
  const unit = parse(price.unitPrice)
  if (!unit) return null
  let total: Decimal = { digits: unit.digits * BigInt(price.quantity), scale: unit.scale }
  for (const text of price.discounts) {
    const discount = parse(text)
    if (!discount) return null
    total = add(total, { ...discount, digits: -discount.digits })
  }
  for (const text of price.taxesIncluded ? [] : price.taxes) {
    const tax = parse(text)
    if (!tax) return null
    total = add(total, tax)
  }
  const minor = Number(roundedTo(total, minorDigits(price.currency)))
  return Number.isSafeInteger(minor) && minor >= 0 ? minor : null
}
