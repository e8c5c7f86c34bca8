// The official SP-API models (swagger 2.0) and notification schemas in sim/contracts/amazon, loaded once a process when first needed.
// Definitions are closed before use: a property that the contract does not name is a violation, in requests and in answers. Amazon
// may be more lenient; a caller that keeps to the contract cannot tell.
import { readFileSync } from 'node:fs'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import addFormatsModule from 'ajv-formats'

const modelFiles = {
  listings: 'listingsItems_2021-08-01.json',
  fbaInventory: 'fbaInventory.json',
  reports: 'reports_2021-06-30.json',
  orders: 'orders_2026-01-01.json',
  sellers: 'sellers.json',
  notifications: 'notifications.json',
  tokens: 'tokens_2021-03-01.json',
  directFulfillmentInventory: 'vendorDirectFulfillmentInventoryV1.json',
  directFulfillmentOrders: 'vendorDirectFulfillmentOrders_2021-12-28.json',
  directFulfillmentTransactions: 'vendorDirectFulfillmentTransactions_2021-12-28.json',
  vendorOrders: 'vendorOrders.json',
  vendorTransactions: 'vendorTransactionStatus.json',
} as const

const notificationFiles = {
  ORDER_CHANGE: 'OrderChangeNotification.json',
  LISTINGS_ITEM_MFN_QUANTITY_CHANGE: 'ListingsItemMfnQuantityChange.json',
} as const

const reportFiles = {
  GET_VENDOR_INVENTORY_REPORT: 'vendorInventoryReport.json',
  GET_VENDOR_SALES_REPORT: 'vendorSalesReport.json',
} as const

export type ReportType = keyof typeof reportFiles
export type ApiName = keyof typeof modelFiles
export type NotificationType = keyof typeof notificationFiles

export type Schema = Readonly<Record<string, unknown>>

export interface Parameter extends Schema {
  readonly name: string
  readonly in: 'path' | 'query' | 'body'
  readonly required?: boolean
  readonly type?: string
  readonly schema?: Schema
}

interface OperationModel {
  readonly operationId: string
  readonly description: string
  readonly parameters?: readonly Parameter[]
  readonly responses: Readonly<Record<string, { readonly schema?: Schema; readonly headers?: Schema; readonly [key: string]: unknown }>>
}

interface Model {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly definitions: Readonly<Record<string, Schema>>
}

/** Where a value breaks the contract. The offending value itself is never told: it may be a secret or a buyer's. */
export interface Violation {
  readonly field: string
  readonly message: string
}

const readContract = (file: string): unknown => JSON.parse(readFileSync(new URL(`../contracts/amazon/${file}`, import.meta.url), 'utf8'))

const models = new Map<ApiName, Model>()
const modelOf = (api: ApiName): Model => {
  let model = models.get(api)
  if (!model) {
    model = readContract(modelFiles[api]) as Model
    models.set(api, model)
  }
  return model
}

export interface OperationPlace {
  readonly method: string
  readonly path: string
  readonly model: OperationModel
}

export const findOperation = (api: ApiName, operationId: string): OperationPlace => {
  for (const [path, operations] of Object.entries(modelOf(api).paths)) {
    for (const [verb, operation] of Object.entries(operations)) {
      if (!['get', 'post', 'put', 'patch', 'delete'].includes(verb)) continue
      const model = operation as OperationModel
      if (model.operationId === operationId) return { method: verb.toUpperCase(), path, model }
    }
  }
  throw new Error(`the ${api} model has no operation ${operationId}`)
}

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Definitions that others are composed of with allOf: closing one would forbid what its siblings add. */
const composedDefinitions = (value: unknown, found: Set<string>): Set<string> => {
  if (Array.isArray(value)) for (const each of value) composedDefinitions(each, found)
  else if (isSchema(value)) {
    for (const [key, child] of Object.entries(value)) {
      if (key === 'allOf' && Array.isArray(child))
        for (const part of child) if (isSchema(part)) found.add(String(part['$ref']).split('/').at(-1) ?? '')
      composedDefinitions(child, found)
    }
  }
  return found
}

const closed = (value: unknown, open = false): unknown => {
  if (Array.isArray(value)) return value.map((each) => closed(each, open))
  if (!isSchema(value)) return value
  const copy: Record<string, unknown> = {}
  for (const [key, child] of Object.entries(value)) {
    // Names under `properties` are data, not keywords.
    if (key === 'properties' && isSchema(child))
      copy[key] = Object.fromEntries(Object.entries(child).map(([name, schema]) => [name, closed(schema)]))
    else if (key === 'items' || key === 'schema') copy[key] = closed(child)
    else if (key === 'allOf') copy[key] = closed(child, true)
    else copy[key] = child
  }
  if (!open && isSchema(value['properties']) && value['additionalProperties'] === undefined && value['allOf'] === undefined)
    copy['additionalProperties'] = false
  return copy
}

/** `request`: times may leave out the zone (then UTC), as the vendor models' own sample requests do. `response`: they may not. */
export type Direction = 'request' | 'response'

const compilers = new Map<string, Ajv>()
const compilerOf = (api: ApiName, direction: Direction): Ajv => {
  const key = `${api}.${direction}`
  let compiler = compilers.get(key)
  if (!compiler) {
    compiler = new Ajv({ strict: false, logger: false, validateSchema: false })
    const addFormats = addFormatsModule.default
    addFormats(compiler)
    compiler.addFormat('boolean', /^(?:true|false)$/)
    if (direction === 'request') addFormats(compiler, ['iso-date-time'])
    const definitions: Record<string, unknown> = {}
    const composed = composedDefinitions(modelOf(api).definitions, new Set())
    for (const [name, schema] of Object.entries(modelOf(api).definitions)) definitions[name] = closed(schema, composed.has(name))
    compiler.addSchema({ $id: 'model', definitions: direction === 'request' ? looseTimes(definitions) : definitions })
    compilers.set(key, compiler)
  }
  return compiler
}

const looseTimes = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(looseTimes)
  if (!isSchema(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, key === 'format' && child === 'date-time' ? 'iso-date-time' : looseTimes(child)]),
  )
}

const absoluteRefs = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(absoluteRefs)
  if (!isSchema(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, key === '$ref' && typeof child === 'string' ? `model${child}` : absoluteRefs(child)]),
  )
}

export const compileSchema = (api: ApiName, direction: Direction, schema: Schema): ((value: unknown) => Violation | null) => {
  const bound = absoluteRefs(direction === 'request' ? looseTimes(closed(schema)) : closed(schema))
  return checkWith(compilerOf(api, direction).compile(bound as Schema))
}

const checkWith =
  (validate: ValidateFunction) =>
  (value: unknown): Violation | null =>
    validate(value) ? null : violationOf(validate.errors?.[0])

const violationOf = (error: ErrorObject | undefined): Violation => {
  const parts = (error?.instancePath ?? '').split('/').slice(1)
  const named = error?.params['missingProperty'] ?? error?.params['additionalProperty']
  if (typeof named === 'string') parts.push(named)
  const field = parts
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : `${index === 0 ? '' : '.'}${part.replaceAll('~1', '/')}`))
    .join('')
  const message =
    typeof named === 'string' && error?.keyword === 'additionalProperties'
      ? 'is not known to this operation'
      : (error?.message ?? 'is invalid')
  return { field, message }
}

const notificationChecks = new Map<NotificationType, (value: unknown) => Violation | null>()

/** Checks a notification against its published schema (closed in the same way). */
export const checkNotification = (type: NotificationType, value: unknown): Violation | null => {
  let check = notificationChecks.get(type)
  if (!check) {
    const compiler = new Ajv({ strict: false, logger: false, validateSchema: false })
    addFormatsModule.default(compiler)
    const schema = withoutIds(closed(readContract(notificationFiles[type])))
    check = checkWith(compiler.compile(schema as Schema))
    notificationChecks.set(type, check)
  }
  return check(value)
}

const reportChecks = new Map<ReportType, (value: unknown) => Violation | null>()

/** Checks a report of JSON against its published schema (closed in the same way). */
export const checkReport = (type: ReportType, value: unknown): Violation | null => {
  let check = reportChecks.get(type)
  if (!check) {
    const compiler = new Ajv({ strict: false, logger: false, validateSchema: false })
    addFormatsModule.default(compiler)
    check = checkWith(compiler.compile(withoutIds(closed(readContract(reportFiles[type]))) as Schema))
    reportChecks.set(type, check)
  }
  return check(value)
}

/** The `$id`s of these schemas are fragments that no draft allows; nothing refers to them. */
const withoutIds = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutIds)
  if (!isSchema(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '$id' && key !== '$schema' && key !== 'examples')
      .map(([key, child]) => [key, withoutIds(child)]),
  )
}
