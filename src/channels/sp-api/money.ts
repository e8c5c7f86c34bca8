// Money as Amazon writes it.

/** Minor units of a decimal text, by the currency's own number of digits (ISO 4217); null: not an amount. */
export const minorUnits = (value: { readonly amount: string; readonly currencyCode: string }): number | null => {
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,6}))?$/.exec(value.amount)
  if (!match || !/^[A-Z]{3}$/.test(value.currencyCode)) return null
  const digits =
    new Intl.NumberFormat('en', { style: 'currency', currency: value.currencyCode }).resolvedOptions().maximumFractionDigits ?? 2
  const fraction = (match[3] ?? '').padEnd(digits, '0')
  // More digits than the currency has (tax shares): rounded half up.
  const whole = Number(`${match[2] ?? '0'}${fraction.slice(0, digits)}`) + (Number(fraction[digits] ?? '0') >= 5 ? 1 : 0)
  return match[1] === '-' ? -whole : whole
}
