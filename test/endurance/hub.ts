// The hub as a process on a fast clock: the product's own assembly (src/main.ts), started as `belay serve` would be. Ended by a signal.
//   node test/endurance/hub.ts --config FILE
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { loadConfig } from '../../src/config/config.ts'
import { systemRandom } from '../../src/engine/system-random.ts'
import { assemble, platformSchemas } from '../../src/main.ts'
import { clockVariable, fastClock, parseClock } from './fast-clock.ts'

const { values } = parseArgs({ options: { config: { type: 'string' } } })
const clock = fastClock(parseClock(process.env[clockVariable]))
const config = loadConfig(await readFile(values.config ?? '', 'utf8'), process.env, platformSchemas)
const running = await assemble(config, { clock, random: systemRandom, fetch: (input, init) => fetch(input, init) }, 'warn')
process.once('SIGTERM', () => {
  void running.stop()
})
