// `belay simulate`: seeded worlds that try to make the hub oversell. Talks to no hub and no marketplace.
import { type Command, Option } from 'commander'
import type { Terminal } from './terminal.ts'

export interface SimulateOptions {
  /** null: as many as usual. */
  readonly seeds: number | null
  readonly base: number
  readonly depth: 'protocol' | 'full'
  readonly json: boolean
  readonly story: boolean
  readonly compares: boolean
}

interface Typed {
  readonly seeds?: number
  readonly base: number
  readonly depth: 'protocol' | 'full'
  readonly json?: true
  readonly story?: true
  readonly compare?: true
}

export const addSimulate = (
  program: Command,
  wholeNumber: (least: number, most: number) => (text: string) => number,
  /** Resolves with the number of worlds that failed. */
  simulate: (options: SimulateOptions) => Promise<number>,
  terminal: Terminal,
): void => {
  program
    .command('simulate')
    .description('try to make the hub oversell in seeded worlds, each failure with the command that replays it')
    .option('--seeds <number>', 'how many worlds (default: 1000, at full depth 100)', wholeNumber(1, 100_000_000))
    .option('--base <seed>', 'the first seed', wholeNumber(0, 1_000_000_000_000), 1)
    .addOption(
      new Option('--depth <depth>', 'the decisions alone, or the whole hub with real adapters and simulators')
        .choices(['protocol', 'full'])
        .default('protocol'),
    )
    .option('--json', 'print nothing but one JSON object')
    .option('--story', 'tell what happens in each world')
    .option('--compare', 'what zero costs, beside a hub that pushes everything everywhere and one with a buffer of 10 %')
    .action(async ({ seeds, base, depth, json, story, compare }: Typed) => {
      const failed = await simulate({
        seeds: seeds ?? null,
        base,
        depth,
        json: json === true,
        story: story === true,
        compares: compare === true,
      })
      terminal.setExitCode(failed > 0 ? 1 : 0)
    })
}
