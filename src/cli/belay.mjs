#!/usr/bin/env node
// The entrance. Plain JavaScript with nothing imported before the version is checked, so that an old Node can still say what is wrong.
const wanted = [26, 10]
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < wanted[0] || (major === wanted[0] && minor < wanted[1])) {
  console.error(
    `belay: node-too-old: this is Node ${process.versions.node}, Belay needs ${wanted.join('.')} or newer. ` +
      'Fix: `npm ci` in this folder installs the right one beside the other packages; then start it with `npm start` (the demo) or `npm run belay -- <command>`, which use it.',
  )
  process.exitCode = 1
} else {
  Promise.all([import('../main.ts'), import('./program.ts')])
    .then(([{ programs }, { runCommandLine }]) => runCommandLine(programs, process.argv))
    .then((code) => {
      process.exitCode = code
    })
    .catch((error) => {
      console.error(
        process.env.BELAY_DEBUG
          ? error
          : `belay: internal: ${error.message}. Fix: run \`npm ci\`; if that does not help, report it with the output under BELAY_DEBUG=1.`,
      )
      process.exitCode = 1
    })
}
