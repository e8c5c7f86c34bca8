// `npm run teeth [-- --json]`: takes each rule of the protocol away and counts the worlds until the simulator notices.
import { parseArgs } from 'node:util'
import { catchRule } from './catch-rule.ts'
import { rules } from './teeth.ts'

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '2000' }, json: { type: 'boolean', default: false }, rule: { type: 'string' } },
})
const most = Number(values.seeds)
const found = rules
  .filter((rule) => values.rule === undefined || rule.name.includes(values.rule))
  .map((rule) => {
    for (let seed = 1; seed <= most; seed++) {
      const property = catchRule(rule, seed)
      if (property) {
        if (!values.json) process.stdout.write(`${rule.name}: ${property} after ${seed} worlds\n`)
        return { rule: rule.name, caught: true, seeds: seed }
      }
    }
    if (!values.json) process.stdout.write(`${rule.name}: NOT CAUGHT in ${most} worlds\n`)
    return { rule: rule.name, caught: false, seeds: most }
  })
if (values.json) process.stdout.write(`${JSON.stringify({ rules: found })}\n`)
if (found.some((each) => !each.caught)) process.exitCode = 1
