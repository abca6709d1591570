import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Packages of this repository are tested as they are written, not as they were last built. */
const broker = join(import.meta.dirname, 'packages/embedded-broker/src')
const alias = {
  '@kprf/embedded-broker/testing': join(broker, 'testing.ts'),
  '@kprf/embedded-broker': join(broker, 'index.ts'),
}
/** The same for threads and processes that tests start. */
const execArgv = ['--conditions=kprf-source']

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          execArgv,
          name: 'unit',
          include: ['test/**/*.test.ts', 'packages/*/test/**/*.test.ts'],
          exclude: ['test/kafka/**', 'test/clients/**'],
          testTimeout: 20_000,
        },
      },
      {
        resolve: { alias },
        test: {
          execArgv,
          name: 'clients',
          include: ['test/clients/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 600_000,
        },
      },
      {
        resolve: { alias },
        test: {
          execArgv,
          name: 'kafka',
          include: ['test/kafka/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'packages/*/src/**/*.ts'],
    },
  },
})
