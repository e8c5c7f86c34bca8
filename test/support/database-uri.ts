/** The same server, another database: the path of a MongoDB URI names it. */
export const withDatabase = (uri: string, database: string): string => {
  const url = new URL(uri)
  url.pathname = `/${database}`
  return url.href
}
