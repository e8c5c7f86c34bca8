// Holds the lines that ARCHITECTURE.md draws: which part may import which, and that the domain stays pure. Reads the sources as text, so
// that an import counts however it is written (static, dynamic, types only).
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { codeOf } from './support/source-code.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

interface Source {
  /** From the root, with slashes. */
  readonly path: string
  readonly text: string
}

const sourcesIn = (folder: string): readonly Source[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(root, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }))

const sources = ['src', 'sim'].flatMap(sourcesIn)
/** Tests, and what only tests of the simulators use. */
const isTest = (path: string): boolean => path.endsWith('.test.ts') || /^(sample|test)-/.test(posix.basename(path))
const isGenerated = (path: string): boolean => path.includes('/generated/')
const product = sources.filter((source) => !isTest(source.path))

const importPattern =
  /(?:^|[;\s])(?:import|export)\s[^'"`;]*?\sfrom\s*['"]([^'"]+)['"]|(?:^|[;\s])import\s*['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]/g

/** Relative imports as paths from the root, the others as they are written. */
const importsOf = ({ path, text }: Source): readonly string[] =>
  [...codeOf(text, true).matchAll(importPattern)].map((match) => {
    const target = match[1] ?? match[2] ?? match[3] ?? ''
    return target.startsWith('.') ? posix.join(posix.dirname(path), target) : target
  })

const isLocal = (target: string): boolean => target.startsWith('src/') || target.startsWith('sim/') || target.startsWith('test/')

interface Area {
  /** A folder with its slash at the end, or a file. The longest that fits counts. */
  readonly at: string
  /** What it may import of the project, itself apart. */
  readonly mayImport: readonly string[]
  /** `none`: neither packages nor node:*; `node`: only node:*; `any`. */
  readonly packages: 'none' | 'node' | 'any'
}

/** The machine's clock and randomness: what a port stands for when nobody gives another one. */
const machine = ['src/engine/system-clock.ts', 'src/engine/system-random.ts']
const core = ['src/domain/', 'src/ports/']

const areas: readonly Area[] = [
  { at: 'src/domain/', mayImport: [], packages: 'none' },
  { at: 'src/ports/', mayImport: ['src/domain/'], packages: 'none' },
  { at: 'src/engine/', mayImport: core, packages: 'node' },
  // The one place that knows the cron library.
  { at: 'src/engine/cron-times.ts', mayImport: core, packages: 'any' },
  { at: 'src/channels/http/', mayImport: core, packages: 'none' },
  { at: 'src/channels/shopify/', mayImport: [...core, 'src/channels/http/'], packages: 'any' },
  { at: 'src/channels/amazon-seller/', mayImport: [...core, 'src/channels/sp-api/', 'src/channels/http/'], packages: 'any' },
  { at: 'src/channels/amazon-vendor/', mayImport: [...core, 'src/channels/sp-api/', 'src/channels/http/'], packages: 'any' },
  { at: 'src/channels/sp-api/', mayImport: [...core, 'src/channels/http/'], packages: 'any' },
  { at: 'src/store/', mayImport: [...core, ...machine], packages: 'any' },
  {
    at: 'src/store/sqlite/',
    mayImport: [...core, ...machine, 'src/store/page.ts', 'src/store/commit-shape.ts', 'src/store/ledger-levels.ts', 'src/store/view/'],
    packages: 'any',
  },
  {
    at: 'src/store/mongo/',
    mayImport: [...core, ...machine, 'src/store/page.ts', 'src/store/commit-shape.ts', 'src/store/ledger-levels.ts', 'src/store/view/'],
    packages: 'any',
  },
  { at: 'src/transfer/', mayImport: core, packages: 'node' },
  { at: 'src/config/', mayImport: ['src/domain/', 'src/engine/cron-times.ts'], packages: 'any' },
  { at: 'src/http/', mayImport: [...core, 'src/config/', 'src/cli/import-csv.ts'], packages: 'any' },
  { at: 'src/reports/', mayImport: core, packages: 'any' },
  { at: 'src/cli/', mayImport: [...core, 'src/config/', 'src/transfer/'], packages: 'any' },
  { at: 'src/cli/belay.mjs', mayImport: ['src/main.ts', 'src/cli/'], packages: 'none' },
  { at: 'src/main.ts', mayImport: ['src/', 'sim/'], packages: 'any' },
  // Puts the simulators together for main.ts, with files such as a merchant would import.
  { at: 'sim/rehearsal.ts', mayImport: ['sim/', ...core, ...machine, 'src/cli/import-csv.ts'], packages: 'any' },
  // Plays the protocol's own rules against hidden truth, without a platform or an adapter between: the domain, and the engine's pure changes.
  {
    at: 'sim/protocol/',
    mayImport: [
      'sim/',
      ...core,
      ...machine,
      'src/engine/change.ts',
      'src/engine/connection.ts',
      'src/engine/poll-loop.ts',
      'src/engine/push-changes.ts',
      'src/engine/push-record.ts',
    ],
    packages: 'any',
  },
  // Puts the whole hub together with the simulators on one clock, as main.ts does with the machine's.
  { at: 'sim/full/', mayImport: ['src/', 'sim/'], packages: 'any' },
  // Puts the whole product, adapters included, to work against the simulators, as main.ts does.
  { at: 'sim/full/', mayImport: ['sim/', 'src/'], packages: 'node' },
  // Ports, their types and errors, never what a channel knows: a mistake shared by both would cancel out.
  { at: 'sim/', mayImport: ['src/ports/', 'src/domain/errors.ts', ...machine], packages: 'any' },
]

const areaOf = (path: string): Area | undefined =>
  areas.filter((area) => path.startsWith(area.at)).sort((a, b) => b.at.length - a.at.length)[0]

const inside = (target: string, places: readonly string[]): boolean => places.some((place) => target.startsWith(place))

const refusal = (area: Area, target: string): string | null => {
  if (isLocal(target)) return inside(target, [area.at, ...area.mayImport]) ? null : `may not import ${target}`
  if (area.packages === 'any' || (area.packages === 'node' && target.startsWith('node:'))) return null
  return `may not import the package ${target}`
}

describe('imports point inward', () => {
  test('and every file belongs to a known part', () => {
    expect(sources.length).toBeGreaterThan(50)
    expect(product.filter((source) => !areaOf(source.path)).map((source) => source.path)).toEqual([])
  })

  test.each(areas.map((area) => [area.at, area] as const))('of %s', (_at, area) => {
    const wrong = product
      .filter((source) => areaOf(source.path) === area)
      .flatMap((source) =>
        importsOf(source)
          .flatMap((target) => refusal(area, target) ?? [])
          .map((why) => `${source.path} ${why}`),
      )
    expect(wrong).toEqual([])
  })

  test('also for the tests of the simulators: they never look at a channel', () => {
    const wrong = sources.filter(
      (source) =>
        source.path.startsWith('sim/') &&
        !source.path.startsWith('sim/full/') &&
        importsOf(source).some((target) => target.startsWith('src/channels/')),
    )
    expect(wrong.map((source) => source.path)).toEqual([])
  })

  test('sees every way to write an import', () => {
    const text = `import a from './a.ts'\nimport type { B } from "../ports/b.ts"\nexport * from './c.ts'\nimport './d.ts'\nimport {\n  e,\n} from 'node:e'\nconst f = await import('./f.ts')`
    expect(importsOf({ path: 'src/domain/x.ts', text })).toEqual([
      'src/domain/a.ts',
      'src/ports/b.ts',
      'src/domain/c.ts',
      'src/domain/d.ts',
      'node:e',
      'src/domain/f.ts',
    ])
  })
})

const impure =
  /(?<![.\w$'])(?:Date|fetch|setTimeout|setInterval|setImmediate|queueMicrotask|process|crypto|performance|Buffer|console|globalThis|require|async|await)(?=\b(?!\s*:))|\bMath\.random\b|\bimport\s*\(|\bnew Promise\b/g

describe('the domain', () => {
  test('reads no clock, draws no randomness, does no input or output', () => {
    const wrong = product
      .filter((source) => source.path.startsWith('src/domain/'))
      .flatMap((source) => [...codeOf(source.text, false).matchAll(impure)].map((match) => `${source.path} uses ${match[0]}`))
    expect(wrong).toEqual([])
  })

  test.each([
    'Date.now()',
    'const t = new Date()',
    'Math.random()',
    'await x',
    'fetch(url)',
    'process.env',
    'setTimeout(f, 1)',
    "import('x')",
    '`${fetch(x)}`',
  ])('would be caught at %s', (text) => {
    expect([...codeOf(text, false).matchAll(impure)]).not.toEqual([])
  })

  test.each(["'Date'", '// fetch it', '/* process */', 'event.process', 'updateDate', 'row.Date', '`fetch ${x} now`', '`${`${a} await`}`'])(
    'is not suspected for %s',
    (text) => {
      expect([...codeOf(text, false).matchAll(impure)]).toEqual([])
    },
  )
})

describe('every source file', () => {
  test('is named in whole words with hyphens', () => {
    const vague = /(^|[-/])(utils?|helpers?|common|misc|manager)([-./]|$)/
    const wrong = sources.filter(({ path }) => !/^[a-z0-9-]+(\.[a-z0-9-]+)*\.(ts|mjs)$/.test(posix.basename(path)) || vague.test(path))
    expect(wrong.map((source) => source.path)).toEqual([])
  })

  test('opens with what it guarantees', () => {
    const wrong = product.filter((source) => !isGenerated(source.path) && !/^(#![^\n]*\n)?(\/\/|\/\*)/.test(source.text))
    expect(wrong.map((source) => source.path)).toEqual([])
  })

  test('leaves nothing undone behind', () => {
    const wrong = sources.filter(
      (source) =>
        !isGenerated(source.path) &&
        /\b(TODO|FIXME|XXX|HACK)\b|@ts-(ignore|expect-error|nocheck)|(oxlint|eslint)-disable/.test(source.text),
    )
    expect(wrong.map((source) => source.path)).toEqual([])
  })

  test('is short enough to be read at once', () => {
    const wrong = product.filter((source) => !isGenerated(source.path) && source.text.split('\n').length > 600)
    expect(wrong.map((source) => source.path)).toEqual([])
  })
})
