// Which inventory item a variant stands for: Shopify never changes it. Webhooks name only the variant, so what reads and polls have shown
// is remembered and added to a webhook when it arrives. A cache and nothing more: without it the variant's key still finds the listing.

/** 100,000 variants take about 10 MB; the oldest is forgotten first. */
const maxVariants = 100_000

export interface VariantIndex {
  learn(variantId: string | null, inventoryItemId: string | null): void
  itemOf(variantId: string): string | null
}

export const createVariantIndex = (): VariantIndex => {
  const items = new Map<string, string>()
  return {
    learn: (variantId, inventoryItemId) => {
      if (variantId === null || inventoryItemId === null || items.has(variantId)) return
      if (items.size >= maxVariants) for (const oldest of items.keys()) if (items.delete(oldest)) break
      items.set(variantId, inventoryItemId)
    },
    itemOf: (variantId) => items.get(variantId) ?? null,
  }
}
