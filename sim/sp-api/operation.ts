// One operation of an SP-API model, ready to serve: what it is called with, how often it may be called, what it may answer. All of it is
// read from the model, nothing is repeated here. Checks are compiled when an operation is first called.
import { type ApiName, compileSchema, findOperation, type Parameter, type Schema, type Violation } from './model.ts'

export interface Arguments {
  readonly path: Readonly<Record<string, string>>
  /** Query parameters by name: text, whole numbers, true or false, or lists of text, as the model types them. */
  readonly query: Readonly<Record<string, unknown>>
  readonly body: unknown
}

export interface Operation {
  /** `{api}.{operationId}`, the name in request counts. */
  readonly name: string
  readonly method: string
  readonly path: string
  readonly ratePerSecond: number
  readonly burst: number
  readonly takesBody: boolean
  /** Path parameters, percent-decoded; null: not a path of this operation. */
  match(pathname: string): Readonly<Record<string, string>> | null
  parse(path: Readonly<Record<string, string>>, search: URLSearchParams, body: unknown): Arguments | Violation
  /** Does the model promise x-amzn-RateLimit-Limit on this status? */
  tellsRate(status: number): boolean
  /** The body of an error answer in the shape that the model gives this status: a list in an envelope, or one bare error. */
  errorBody(status: number, error: ApiError): unknown
  /** Does an answer keep to the model? A status that the model does not name is a violation. */
  checkAnswer(status: number, body: unknown): Violation | null
}

export interface ApiError {
  readonly code: string
  readonly message: string
  readonly details?: string
}

/** `| 0.0056 | 20 |` in the table of an operation's description. */
const usagePlan = /\|\s*(?<rate>\d+(?:\.\d+)?)\s*\|\s*(?<burst>\d+)\s*\|/

const parameterSchema = (parameters: readonly Parameter[]): Schema => ({
  type: 'object',
  additionalProperties: false,
  required: parameters.filter((each) => each.required).map((each) => each.name),
  properties: Object.fromEntries(
    parameters.map(({ name, in: _in, required: _required, collectionFormat: _format, description: _text, ...schema }) => [name, schema]),
  ),
})

const queryValue = (parameter: Parameter | undefined, texts: readonly string[]): unknown => {
  const text = texts.join(',')
  if (parameter?.type === 'array') return text.split(',')
  if (parameter?.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if (parameter?.type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text)
  return text
}

export const isViolation = (value: Arguments | Violation): value is Violation => 'field' in value

export const loadOperation = (api: ApiName, operationId: string): Operation => {
  const { method, path, model } = findOperation(api, operationId)
  const plan = usagePlan.exec(model.description)?.groups
  if (!plan) throw new Error(`the ${api} model gives ${operationId} no usage plan`)

  const parameters = model.parameters ?? []
  const inPath = parameters.filter((each) => each.in === 'path')
  const inQuery = parameters.filter((each) => each.in === 'query')
  const inBody = parameters.find((each) => each.in === 'body')
  const names = [...path.matchAll(/\{(?<name>[^}]+)\}/g)].map((found) => found.groups?.['name'] ?? '')
  const pattern = new RegExp(`^${path.replaceAll('.', String.raw`\.`).replaceAll(/\{[^}]+\}/g, '([^/]+)')}$`)

  const once = <T>(make: () => T): (() => T) => {
    let made: { readonly value: T } | undefined
    return () => (made ??= { value: make() }).value
  }
  const checkPath = once(() => compileSchema(api, 'request', parameterSchema(inPath)))
  const checkQuery = once(() => compileSchema(api, 'request', parameterSchema(inQuery)))
  const checkBody = once(() => compileSchema(api, 'request', inBody?.schema ?? {}))
  const answerChecks = new Map<number, (body: unknown) => Violation | null>()

  return {
    name: `${api}.${operationId}`,
    method,
    path,
    ratePerSecond: Number(plan['rate']),
    burst: Number(plan['burst']),
    takesBody: inBody !== undefined,
    match: (pathname) => {
      const found = pattern.exec(pathname)
      if (!found) return null
      try {
        return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(found[index + 1] ?? '')]))
      } catch {
        // Not valid percent-encoding: no path of ours.
        return null
      }
    },
    parse: (pathValues, search, body) => {
      const query: Record<string, unknown> = {}
      for (const name of new Set(search.keys())) {
        const value = queryValue(
          inQuery.find((each) => each.name === name),
          search.getAll(name),
        )
        // An empty parameter is a missing one.
        if (value !== '' && !(Array.isArray(value) && value.join('') === '')) query[name] = value
      }
      const violation = checkPath()(pathValues) ?? checkQuery()(query) ?? (inBody ? checkBody()(body) : null)
      return violation ?? { path: pathValues, query, body: inBody ? body : null }
    },
    tellsRate: (status) => status !== 429 && model.responses[status]?.headers?.['x-amzn-RateLimit-Limit'] !== undefined,
    errorBody: (status, error) => {
      const shape = model.responses[status]?.schema?.['$ref']
      return shape === '#/definitions/Error' ? error : { errors: [error] }
    },
    checkAnswer: (status, body) => {
      const answer = model.responses[status]
      if (!answer) return { field: '', message: `${operationId} does not answer with status ${status}` }
      let check = answerChecks.get(status)
      if (!check) {
        check = compileSchema(api, 'response', answer.schema ?? {})
        answerChecks.set(status, check)
      }
      return check(body)
    },
  }
}
