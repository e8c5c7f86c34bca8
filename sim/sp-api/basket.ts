// What a shopper puts into a basket, as units of offers. A shopper who asks for what is not there is a mistake of the caller's.

export const unitsWanted = <Offer>(
  offers: ReadonlyMap<string, Offer>,
  lines: readonly { readonly externalId: string; readonly quantity: number }[],
): Map<Offer, number> => {
  const units = new Map<Offer, number>()
  for (const { externalId, quantity } of lines) {
    const offer = offers.get(externalId)
    if (!offer) throw new Error(`no offer ${externalId}`)
    if (!Number.isInteger(quantity) || quantity < 1) throw new Error(`a shopper cannot order ${quantity} units`)
    units.set(offer, (units.get(offer) ?? 0) + quantity)
  }
  return units
}
