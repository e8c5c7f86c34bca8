// What a command needs of the machine it is typed on, so that tests can give it another one.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { BelayError } from '../domain/errors.ts'
import type { Fetch } from '../ports/channel.ts'

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly fetch: Fetch
  print(text: string): void
  printError(text: string): void
  /** Throws `request-invalid` when there is no such file. */
  readBytes(path: string): Promise<Uint8Array>
  /** Makes its folder if it is not there. Throws `request-invalid` when it cannot be written. */
  writeText(path: string, text: string): Promise<void>
  /** null: nobody is there to answer. */
  confirm(question: string): Promise<boolean | null>
  setExitCode(code: number): void
}

export const processTerminal: Terminal = {
  env: process.env,
  fetch: (input, init) => fetch(input, init),
  print: (text) => console.log(text),
  printError: (text) => console.error(text),
  readBytes: (path) =>
    readFile(path).catch((cause: NodeJS.ErrnoException) => {
      throw new BelayError(
        'request-invalid',
        `Cannot read ${path}: ${cause.code === 'ENOENT' ? 'there is no such file' : (cause.code ?? cause.message)}.`,
        {
          fix: 'Check the path; it is looked up from the folder that the command runs in.',
          cause,
        },
      )
    }),
  writeText: async (path, text) => {
    try {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text)
    } catch (cause) {
      throw new BelayError('request-invalid', `Cannot write ${path}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}.`, {
        fix: 'Name a folder that you may write to.',
        cause,
      })
    }
  },
  confirm: async (question) => {
    if (!process.stdin.isTTY) return null
    const lines = createInterface({ input: process.stdin, output: process.stdout })
    try {
      return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim())
    } finally {
      lines.close()
    }
  },
  setExitCode: (code) => {
    process.exitCode = code
  },
}
