// The configuration file as text: parsed, with `${NAME}` in string values replaced from the environment, and with the line of every
// key at hand. Guarantees: a syntax error names line and column; a missing variable is `secret-missing` and names variable and line.
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Document, type Node } from 'yaml'
import { BelayError } from '../domain/errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>
export type KeyPath = readonly PropertyKey[]

export interface ConfigDocument {
  readonly value: unknown
  /** Everything that came in from the environment. */
  readonly secrets: readonly string[]
  /** Line of the key, or of the nearest thing above it that is there. Counted from 1. */
  lineOf(path: KeyPath): number
}

/** A file that a person writes; more than this is not one. */
const maxTextLength = 1_000_000

/** `$${NAME}` stands for the text `${NAME}` itself. */
const reference = /\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g

const expand = (document: Document, env: Environment, lines: LineCounter, missingIs: 'error' | 'left'): readonly string[] => {
  const missing: string[] = []
  const secrets: string[] = []
  visit(document, {
    Scalar: (key, node) => {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return
      node.value = node.value.replace(reference, (whole, name: string) => {
        if (whole.startsWith('$$')) return whole.slice(1)
        const value = env[name]
        if (value === undefined || value === '') {
          if (missingIs === 'left') return whole
          missing.push(`${name} (line ${lines.linePos(node.range?.[0] ?? 0).line})`)
          return ''
        }
        secrets.push(value)
        return value
      })
    },
  })
  if (missing.length > 0)
    throw new BelayError(
      'secret-missing',
      `The configuration needs ${missing.length === 1 ? 'an environment variable that is' : 'environment variables that are'} not set: ${missing.join(', ')}.`,
      { fix: `Set ${missing.length === 1 ? 'it' : 'them'} where the hub starts, for example: export ${missing[0]?.split(' ')[0]}=…` },
    )
  return secrets
}

const lineFinder =
  (document: Document, lines: LineCounter) =>
  (path: KeyPath): number => {
    let node: Node | null | undefined = document.contents
    let offset = node?.range?.[0] ?? 0
    for (const part of path) {
      if (isAlias(node)) node = node.resolve(document)
      if (isMap(node)) {
        const pair = node.items.find((each) => isScalar(each.key) && String(each.key.value) === String(part))
        if (!pair) break
        offset = (pair.key as Node).range?.[0] ?? offset
        node = pair.value as Node | null
      } else if (isSeq(node)) {
        node = node.items[Number(part)] as Node | undefined
        if (!node) break
        offset = node.range?.[0] ?? offset
      } else break
    }
    return Math.max(1, lines.linePos(offset).line)
  }

/** `missingIs: 'left'`: a reference to a variable that is not set stays as it is, for readers that need only a part of the file. */
export const readDocument = (text: string, env: Environment, missingIs: 'error' | 'left' = 'error'): ConfigDocument => {
  if (text.length > maxTextLength)
    throw new BelayError('config-invalid', `The configuration file is larger than ${maxTextLength} characters.`, {
      fix: 'Stock and listings do not belong in it: import them with `belay import`.',
    })
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const error = document.errors[0]
  if (error) {
    const { line, col } = lines.linePos(error.pos[0])
    throw new BelayError('config-invalid', `Line ${line}, column ${col}: this is not YAML: ${error.message}`, {
      fix: 'Correct the syntax there; often it is the indentation, a missing colon, or a text that needs quotes.',
    })
  }
  const secrets = expand(document, env, lines, missingIs)
  let value: unknown
  try {
    value = document.toJS()
  } catch (cause) {
    throw new BelayError('config-invalid', 'The aliases of the configuration file cannot be resolved.', {
      fix: 'Write the values out instead of using & and *.',
      cause,
    })
  }
  return { value, secrets, lineOf: lineFinder(document, lines) }
}
