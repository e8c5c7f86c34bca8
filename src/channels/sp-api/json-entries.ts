// Entries of a large JSON report one by one: of an object whose properties are small values or long lists, as Amazon's vendor reports are.
// Each small value and each element of a list is handed over as soon as it has been read; nothing else is held. Text that is not such an
// object, or that ends early, is a malformed answer.
import { BelayError } from '../../domain/errors.ts'

export interface JsonEntry {
  /** The property of the outer object. */
  readonly name: string
  readonly value: unknown
  /** Of a list: one of its elements. */
  readonly ofList: boolean
}

/** Of one value or element. */
const maxCharacters = 1024 * 1024

const malformed = (why: string): BelayError =>
  new BelayError('channel-answer-malformed', `the report is not JSON of the documented form: ${why}`)

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed('a value cannot be read')
  }
}

export async function* jsonEntries(text: AsyncIterable<string>): AsyncGenerator<JsonEntry> {
  // Where we are: brackets open around the next character, and whether the property that is read is a list.
  let depth = 0
  let inList = false
  let inString = false
  let escaped = false
  let started = false
  let name: string | null = null
  let value = ''
  const ready: JsonEntry[] = []

  const finish = (): void => {
    const own = value.trim()
    value = ''
    if (own === '') return
    if (name === null) {
      const key = parsed(own)
      if (typeof key !== 'string') throw malformed('a property has no name')
      name = key
    } else ready.push({ name, value: parsed(own), ofList: inList })
  }

  const structural = (character: string): boolean => {
    const base = inList ? 2 : 1
    if (character === '{' || character === '[') {
      depth += 1
      if (depth === 1) {
        if (character !== '{' || started) throw malformed('it is not one object')
        started = true
        return true
      }
      if (depth === 2 && character === '[' && !inList && name !== null && value.trim() === '') {
        inList = true
        return true
      }
      return false
    }
    if (character === '}' || character === ']') {
      depth -= 1
      if (depth < 0) throw malformed('it closes more than it opens')
      if (depth === base - 1) {
        finish()
        if (inList) inList = false
        else name = null
        return true
      }
      return false
    }
    if (character === ',' && depth === base) {
      finish()
      if (!inList) name = null
      return true
    }
    if (character === ':' && depth === 1 && name === null) {
      finish()
      return true
    }
    return false
  }

  for await (const piece of text) {
    for (const character of piece) {
      if (inString) {
        if (escaped) escaped = false
        else if (character === '\\') escaped = true
        else if (character === '"') inString = false
        value += character
      } else if (character === '"') {
        inString = true
        value += character
      } else if (!structural(character) && (depth > 0 || character.trim() !== '')) {
        if (depth === 0 && character !== '\ufeff') throw malformed('it is not one object')
        if (depth > 0) value += character
      }
      if (value.length > maxCharacters) throw malformed(`a value is longer than ${maxCharacters} characters`)
    }
    yield* ready.splice(0)
  }
  yield* ready.splice(0)
  if (!started || depth !== 0) throw malformed('it ends early')
}
