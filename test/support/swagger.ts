// Holds requests and responses to an official Swagger 2.0 model (test/golden/contracts). A request is refused for anything that the
// model does not describe, unknown query parameters and body properties included, because a misspelt name would be ignored in silence.
// A response may carry properties that the model does not know: platforms add them. Not checked: what prose alone says.
import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import ajvFormats from 'ajv-formats'

export interface ContractRequest {
  readonly method: string
  /** Absolute, or from the path on. */
  readonly url: string
  /** Checked only when given: the access token, the user agent, the content type of a body. */
  readonly headers?: Readonly<Record<string, string>> | Headers
  /** Parsed JSON; undefined: none was sent. */
  readonly body?: unknown
}

export interface ContractResponse {
  readonly method: string
  readonly url: string
  readonly status: number
  /** Parsed JSON; undefined: none came. */
  readonly body?: unknown
}

/** One example of Amazon's static sandbox. */
export interface SandboxCase {
  readonly operationId: string
  readonly method: string
  /** With its `{placeholders}`. */
  readonly pathTemplate: string
  readonly status: number
  /** Values that select this answer, the request body under the name of its parameter. Parameters of any value are left out. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** Response body. */
  readonly body: unknown
}

export interface SwaggerContract {
  /** Problems, readable; [] when the request is as the model says. */
  validateRequest(request: ContractRequest): string[]
  validateResponse(response: ContractResponse): string[]
  /** The operation that a request addresses; null: none. */
  operationOf(request: { readonly method: string; readonly url: string }): string | null
  sandboxCases(): SandboxCase[]
}

type Json = Readonly<Record<string, unknown>>

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header' | 'body'
  readonly required: boolean
  readonly type: string
  readonly collectionFormat: string
  readonly validate: ValidateFunction
}

interface Operation {
  readonly id: string
  readonly method: string
  readonly pathTemplate: string
  readonly segments: readonly string[]
  readonly parameters: readonly Parameter[]
  readonly responses: ReadonlyMap<number, { readonly validate: ValidateFunction | null; readonly sandbox: readonly Json[] }>
}

const contractsUrl = new URL('../golden/contracts/', import.meta.url)
const methods = ['get', 'put', 'post', 'delete', 'patch']
const parameterSchemaKeys = [
  'type',
  'format',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'pattern',
  'items',
]

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const objectAt = (value: unknown, key: string): Json => {
  const found = isObject(value) ? value[key] : undefined
  return isObject(found) ? found : {}
}
const listAt = (value: unknown, key: string): readonly unknown[] => {
  const found = isObject(value) ? value[key] : undefined
  return Array.isArray(found) ? found : []
}
const textAt = (value: unknown, key: string): string => {
  const found = isObject(value) ? value[key] : undefined
  return typeof found === 'string' ? found : ''
}

/** Definitions that an `allOf` puts together describe a part only, so that other properties beside theirs are right. */
const partialDefinitions = (value: unknown, found = new Set<string>()): Set<string> => {
  if (Array.isArray(value)) for (const item of value) partialDefinitions(item, found)
  else if (isObject(value)) {
    for (const part of listAt(value, 'allOf')) found.add(textAt(part, '$ref').replace('#/definitions/', ''))
    for (const key in value) partialDefinitions(value[key], found)
  }
  return found
}

/** The same schema, refusing properties that it does not name. */
const sealed = (schema: unknown, partial: boolean): unknown => {
  if (Array.isArray(schema)) return schema.map((item) => sealed(item, false))
  if (!isObject(schema)) return schema
  const copy: Record<string, unknown> = {}
  for (const key in schema) {
    const value = schema[key]
    copy[key] =
      key === 'properties' && isObject(value)
        ? Object.fromEntries(Object.entries(value).map(([name, property]) => [name, sealed(property, false)]))
        : key === 'items' || key === 'additionalProperties'
          ? sealed(value, false)
          : value
  }
  if (isObject(schema.properties) && schema.additionalProperties === undefined && schema.allOf === undefined && !partial)
    copy.additionalProperties = false
  return copy
}

const makeAjv = (): Ajv => {
  // The models carry keywords of Swagger and examples that are not JSON Schema: strict mode would refuse them.
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false })
  ajvFormats.default(ajv)
  // `type: string, format: boolean`, as the vendor models write their flags.
  ajv.addFormat('boolean', /^(true|false)$/)
  return ajv
}

const complaints = (validate: ValidateFunction, where: string): string[] =>
  (validate.errors ?? []).map((error) => {
    const extra = isObject(error.params) && 'additionalProperty' in error.params ? ` (${String(error.params.additionalProperty)})` : ''
    return `${where}${error.instancePath}: ${error.message ?? error.keyword}${extra}`
  })

const readParameters = (ajv: Ajv, definitions: unknown, declared: readonly unknown[]): Parameter[] =>
  declared.map((raw) => {
    const place = textAt(raw, 'in')
    if (place !== 'path' && place !== 'query' && place !== 'header' && place !== 'body')
      throw new Error(`parameter ${textAt(raw, 'name')} is in "${place}", which this reader does not know`)
    const source = raw as Json
    const schema =
      place === 'body'
        ? { ...(sealed(source.schema, false) as Json), definitions }
        : Object.fromEntries(parameterSchemaKeys.filter((key) => source[key] !== undefined).map((key) => [key, source[key]]))
    return {
      name: textAt(raw, 'name'),
      in: place,
      required: source.required === true,
      type: textAt(raw, 'type'),
      // Swagger 2.0: csv unless stated.
      collectionFormat: textAt(raw, 'collectionFormat') || 'csv',
      validate: ajv.compile(schema),
    }
  })

const readOperations = (model: unknown): Operation[] => {
  const ajv = makeAjv()
  const definitions = objectAt(model, 'definitions')
  const partial = partialDefinitions(model)
  const strictDefinitions = Object.fromEntries(
    Object.entries(definitions).map(([name, schema]) => [name, sealed(schema, partial.has(name))]),
  )
  const operations: Operation[] = []
  for (const [pathTemplate, item] of Object.entries(objectAt(model, 'paths'))) {
    for (const method of methods) {
      const raw = objectAt(item, method)
      if (textAt(raw, 'operationId') === '') continue
      const responses = new Map<number, { validate: ValidateFunction | null; sandbox: readonly Json[] }>()
      for (const [status, response] of Object.entries(objectAt(raw, 'responses'))) {
        const schema = objectAt(response, 'schema')
        const known = Object.keys(schema).length > 0
        responses.set(Number(status), {
          validate: known ? ajv.compile({ ...schema, definitions }) : null,
          sandbox: listAt(objectAt(response, 'x-amzn-api-sandbox'), 'static').filter(isObject),
        })
      }
      operations.push({
        id: textAt(raw, 'operationId'),
        method: method.toUpperCase(),
        pathTemplate,
        segments: pathTemplate.split('/'),
        parameters: readParameters(ajv, strictDefinitions, [...listAt(item, 'parameters'), ...listAt(raw, 'parameters')]),
        responses,
      })
    }
  }
  return operations
}

const placeholderName = (segment: string): string | null => /^\{(.+)\}$/.exec(segment)?.[1] ?? null

const matches = (operation: Operation, segments: readonly string[]): boolean =>
  operation.segments.length === segments.length &&
  operation.segments.every((part, at) => (placeholderName(part) === null ? part === segments[at] : segments[at] !== ''))

/** Text of a path, query or header parameter as the value that its schema describes; the text itself where it cannot be one. */
const typedValue = (parameter: Parameter, texts: readonly string[]): unknown => {
  if (parameter.type === 'array')
    return parameter.collectionFormat === 'multi' ? texts : texts.flatMap((text) => (text === '' ? [] : text.split(',')))
  const text = texts[0] ?? ''
  if (parameter.type === 'integer' || parameter.type === 'number') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
  if (parameter.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return text
}

const decoded = (segment: string): string | null => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}

const headerProblems = (headers: Headers, hasBody: boolean): string[] => {
  const problems: string[] = []
  if ((headers.get('x-amz-access-token') ?? '') === '') problems.push('header x-amz-access-token: missing')
  const agent = headers.get('user-agent') ?? ''
  if (agent === '' || agent.length > 500) problems.push('header user-agent: must have 1 to 500 characters')
  if (hasBody && !(headers.get('content-type') ?? '').startsWith('application/json'))
    problems.push('header content-type: must be application/json')
  return problems
}

/** `modelPath`: a file name in test/golden/contracts, or an absolute path. */
export const createSwaggerContract = (modelPath: string | URL): SwaggerContract => {
  const operations = readOperations(JSON.parse(readFileSync(new URL(modelPath, contractsUrl), 'utf8')))

  const find = (method: string, url: URL): Operation | null => {
    const segments = url.pathname.split('/')
    const found = operations.filter((operation) => operation.method === method.toUpperCase() && matches(operation, segments))
    const literals = (operation: Operation): number => operation.segments.filter((part) => placeholderName(part) === null).length
    return found.toSorted((a, b) => literals(b) - literals(a))[0] ?? null
  }
  const absolute = (url: string): URL => new URL(url, 'http://contract.invalid')

  const textsOf = (parameter: Parameter, operation: Operation, url: URL, headers: Headers): readonly (string | null)[] => {
    if (parameter.in === 'query') return url.searchParams.getAll(parameter.name)
    if (parameter.in === 'header') return headers.has(parameter.name) ? [headers.get(parameter.name)] : []
    const at = operation.segments.findIndex((part) => placeholderName(part) === parameter.name)
    const segment = url.pathname.split('/')[at]
    return at < 0 || segment === undefined ? [] : [decoded(segment)]
  }

  const parameterProblems = (parameter: Parameter, operation: Operation, url: URL, headers: Headers): string[] => {
    const where = `${parameter.in} ${parameter.name}`
    const texts = textsOf(parameter, operation, url, headers)
    if (texts.length === 0) return parameter.required ? [`${where}: missing`] : []
    if (texts.some((text) => text === null)) return [`${where}: not percent-encoded text`]
    if (texts.length > 1 && parameter.collectionFormat !== 'multi') return [`${where}: given ${texts.length} times`]
    const value = typedValue(parameter, texts as readonly string[])
    return parameter.validate(value) ? [] : complaints(parameter.validate, where)
  }

  const bodyProblems = (parameter: Parameter | undefined, body: unknown): string[] => {
    if (parameter === undefined) return body === undefined ? [] : ['body: this operation takes none']
    if (body === undefined) return parameter.required ? ['body: missing'] : []
    return parameter.validate(body) ? [] : complaints(parameter.validate, 'body')
  }

  return {
    validateRequest: (request) => {
      const url = absolute(request.url)
      const operation = find(request.method, url)
      if (operation === null) return [`${request.method} ${url.pathname}: the model has no such operation`]
      const headers = new Headers(request.headers)
      const inUrl = operation.parameters.filter((parameter) => parameter.in !== 'body')
      const known = new Set(inUrl.filter((parameter) => parameter.in === 'query').map((parameter) => parameter.name))
      const unknown = [...new Set(url.searchParams.keys())].filter((name) => !known.has(name))
      return [
        ...unknown.map((name) => `query ${name}: unknown`),
        ...inUrl.flatMap((parameter) => parameterProblems(parameter, operation, url, headers)),
        ...bodyProblems(
          operation.parameters.find((parameter) => parameter.in === 'body'),
          request.body,
        ),
        ...(request.headers === undefined ? [] : headerProblems(headers, request.body !== undefined)),
      ]
    },
    validateResponse: (response) => {
      const url = absolute(response.url)
      const operation = find(response.method, url)
      if (operation === null) return [`${response.method} ${url.pathname}: the model has no such operation`]
      const described = operation.responses.get(response.status)
      if (described === undefined) return [`status ${response.status}: ${operation.id} does not describe it`]
      if (described.validate === null || described.validate(response.body)) return []
      return complaints(described.validate, `${operation.id} ${response.status}`)
    },
    operationOf: (request) => find(request.method, absolute(request.url))?.id ?? null,
    sandboxCases: () =>
      operations.flatMap((operation) =>
        [...operation.responses].flatMap(([status, response]) =>
          response.sandbox.map((example) => ({
            operationId: operation.id,
            method: operation.method,
            pathTemplate: operation.pathTemplate,
            status,
            parameters: Object.fromEntries(
              Object.entries(objectAt(objectAt(example, 'request'), 'parameters'))
                .filter(([, wanted]) => isObject(wanted) && 'value' in wanted)
                .map(([name, wanted]) => [name, (wanted as Json).value]),
            ),
            body: example.response,
          })),
        ),
      ),
  }
}
