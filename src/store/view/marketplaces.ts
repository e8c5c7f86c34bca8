// Amazon's marketplaces that share one FBA stock: asked for any of them, the FBA Inventory API tells the sum of all
// (amzn/selling-partner-api-models issues 360 and 452). The marketplaces of the European Union; the United Kingdom has a stock of its own.
// Ids: SP-API documentation, "Marketplace IDs".
export const europeanUnion: readonly string[] = [
  'A1PA6795UKMFR9', // Germany
  'A13V1IB3VIYZZH', // France
  'APJ6JRA9NG5V4', // Italy
  'A1RKKUPIHCS9HS', // Spain
  'A1805IZSGTT6HS', // Netherlands
  'A2NODRKZP88ZB9', // Sweden
  'A1C3SOZRARQ6R3', // Poland
  'AMEN7PMS3EDWL', // Belgium
  'A28R8C7NBKEWEA', // Ireland
]
