import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type JsonEntry, jsonEntries } from './json-entries.ts'

async function* pieces(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
}

const entriesOf = async (text: string, size = 7): Promise<readonly JsonEntry[]> => {
  const entries: JsonEntry[] = []
  for await (const entry of jsonEntries(pieces(text, size))) entries.push(entry)
  return entries
}

const rebuilt = (entries: readonly JsonEntry[]): Record<string, unknown> => {
  const whole: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const { name, value, ofList } of entries) {
    if (ofList) whole[name] = [...((whole[name] as unknown[] | undefined) ?? []), value]
    else whole[name] = value
  }
  return whole
}

test('any object of values and filled lists comes out as it went in, however it is cut into pieces', async () => {
  const value = fc.jsonValue({ maxDepth: 3 }).filter((each) => !Array.isArray(each))
  const list = fc.array(fc.jsonValue({ maxDepth: 2 }), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(
        fc.string().filter((name) => name !== '__proto__'),
        fc.oneof(value, list),
        { maxKeys: 6 },
      ),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(undefined, 2),
      async (object, size, indent) => {
        const text = JSON.stringify(object, null, indent)
        expect(JSON.parse(JSON.stringify(rebuilt(await entriesOf(text, size))))).toEqual(JSON.parse(text))
      },
    ),
  )
})

test('an empty list has no entries, and an element that is a list is one element', async () => {
  expect(await entriesOf('\ufeff {"a": [], "b": [[1, 2], []], "c": {}}\n')).toEqual([
    { name: 'b', value: [1, 2], ofList: true },
    { name: 'b', value: [], ofList: true },
    { name: 'c', value: {}, ofList: false },
  ])
})

test.each(['', '[]', '1', '{"a": [1, 2', '{"a": 1}}', '{"a": 1} {"b": 2}', '{"a": nonsense}', 'Not Found'])(
  'what is not one whole object is told as such: %s',
  async (text) => {
    await expect(entriesOf(text)).rejects.toMatchObject({ code: 'channel-answer-malformed' })
  },
)
