// npm run bench -- NAME [options]: runs one measurement. Each prints what it measured against what; with --json one object last on stdout.
const benches: Readonly<Record<string, () => Promise<{ run(args: readonly string[]): Promise<void> }>>> = {
  fold: () => import('./fold.ts'),
  plan: () => import('./plan.ts'),
  propagate: () => import('./propagate.ts'),
  wake: () => import('./wake.ts'),
  report: () => import('./report.ts'),
  view: () => import('./view.ts'),
  reconcile: () => import('./reconcile.ts'),
  footprint: () => import('./footprint.ts'),
}

const [name = '', ...args] = process.argv.slice(2)
const bench = benches[name]
if (bench) {
  await (await bench()).run(args)
} else {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join('|')} [--json]`)
  process.exitCode = 2
}
