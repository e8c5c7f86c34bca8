// Sellers API v1: getMarketplaceParticipations. One marketplace, in which the seller takes part.
import { answered, type Endpoint } from '../sp-api/gateway.ts'
import { loadOperation } from '../sp-api/operation.ts'

interface Marketplace {
  readonly countryCode: string
  readonly name: string
  readonly defaultCurrencyCode: string
  readonly defaultLanguageCode: string
  readonly domainName: string
}

/** SP-API documentation, "Marketplace IDs"; a few of the Europe endpoint's, others are shown as Germany. */
const germany: Marketplace = {
  countryCode: 'DE',
  name: 'Amazon.de',
  defaultCurrencyCode: 'EUR',
  defaultLanguageCode: 'de_DE',
  domainName: 'www.amazon.de',
}
const marketplaces: Readonly<Record<string, Marketplace>> = {
  A1PA6795UKMFR9: germany,
  A13V1IB3VIYZZH: {
    countryCode: 'FR',
    name: 'Amazon.fr',
    defaultCurrencyCode: 'EUR',
    defaultLanguageCode: 'fr_FR',
    domainName: 'www.amazon.fr',
  },
  A1F83G8C2ARO7P: {
    countryCode: 'GB',
    name: 'Amazon.co.uk',
    defaultCurrencyCode: 'GBP',
    defaultLanguageCode: 'en_GB',
    domainName: 'www.amazon.co.uk',
  },
}

export const participationsEndpoint = (marketplaceId: string): Endpoint => ({
  operation: loadOperation('sellers', 'getMarketplaceParticipations'),
  access: 'partner',
  writes: false,
  handle: () =>
    answered(200, {
      payload: [
        {
          marketplace: { id: marketplaceId, ...(marketplaces[marketplaceId] ?? germany) },
          participation: { isParticipating: true, hasSuspendedListings: false },
          storeName: 'Simulated Store',
        },
      ],
    }),
})
