import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'sim/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/support/mongo-global.ts'],
    // Two workers: the machines that run this have two cores, and the end-to-end tests start processes of their own.
    maxWorkers: 2,
    // Only ends what hangs: several worlds in one test take their time on a machine that does other things too.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
