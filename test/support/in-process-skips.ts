// The one way to leave a contract test out: with a reason, counted, and told at the end of the run.
import { afterAll, type TestContext } from 'vitest'

const skipped = new Map<string, number>()

/** The body of a test that runs where the platform has what it needs; `has` is true, or the reason why it has not. */
export const where =
  (has: true | string, run: () => Promise<void>) =>
  async ({ skip }: TestContext): Promise<void> => {
    if (has === true) return run()
    skipped.set(has, (skipped.get(has) ?? 0) + 1)
    return skip(has)
  }

/** Once a file, after its suites. */
export const tellSkips = (): void => {
  afterAll(() => {
    const total = [...skipped.values()].reduce((sum, count) => sum + count, 0)
    const lines = [...skipped].map(([reason, count]) => `  ${count} because ${reason}`)
    console.info([`${total} contract tests are left out:`, ...lines].join('\n'))
  })
}
