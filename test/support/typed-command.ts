// A command as a person types it, to a hub that listens at an address.
import { runCommandLine } from '../../src/cli/program.ts'
import type { Terminal } from '../../src/cli/terminal.ts'

export interface Typed {
  readonly code: number
  readonly out: string
  readonly errors: string
}

export const typeAt = async (url: string, argv: readonly string[]): Promise<Typed> => {
  const out: string[] = []
  const errors: string[] = []
  const terminal: Terminal = {
    print: (text) => out.push(text),
    printError: (text) => errors.push(text),
    writeText: () => Promise.resolve(),
    confirm: () => Promise.resolve(true),
    readBytes: () => Promise.reject(new Error('no files')),
    setExitCode: () => undefined,
    env: {},
    fetch: (input, init) => fetch(input, init),
  }
  const none = (): Promise<never> => Promise.reject(new Error('not part of this test'))
  const code = await runCommandLine(
    { serve: none, check: none, demo: none, simulate: none, openStore: none, clock: { nowMs: () => 0 } },
    ['node', 'belay', ...argv, '--url', url],
    terminal,
  )
  return { code, out: out.join('\n'), errors: errors.join('\n') }
}
