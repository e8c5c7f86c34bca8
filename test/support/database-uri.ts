/** The same server, another database: the path of a MongoDB URI names it. With several hosts it is no URL of the web, so it is taken as text. */
export const withDatabase = (uri: string, database: string): string =>
  uri.replace(/^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/[^?]*)?/, (_, server: string) => `${server}/${database}`)
