// `npm run teeth [-- --json]`: takes each rule of the protocol away and counts the worlds until the simulator notices.
import { parseArgs } from 'node:util'
import { worldsUntilCaught } from './catch-rule.ts'
import { rules } from './teeth.ts'

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '2000' }, json: { type: 'boolean', default: false }, rule: { type: 'string' } },
})
const most = Number(values.seeds)
if (!values.json) process.stdout.write('worlds  breaks      without this rule\n')
const found = rules
  .filter((rule) => values.rule === undefined || rule.name.includes(values.rule))
  .map((rule) => {
    const caught = worldsUntilCaught(rule, most)
    if (!values.json)
      process.stdout.write(`${String(caught?.seed ?? '-').padStart(6)}  ${(caught?.property ?? 'NOT CAUGHT').padEnd(10)}  ${rule.name}\n`)
    return { rule: rule.name, caught: caught !== null, seeds: caught?.seed ?? most }
  })
if (values.json) process.stdout.write(`${JSON.stringify({ rules: found })}\n`)
if (found.some((each) => !each.caught)) process.exitCode = 1
