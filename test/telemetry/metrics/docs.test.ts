import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { metricsPage } from '../../../scripts/generate-docs.ts'

test('docs/METRICS.md is what npm run docs makes of the metrics', async () => {
  const page = readFileSync(new URL('../../../docs/METRICS.md', import.meta.url), 'utf8')

  expect(page).toBe(await metricsPage())
})
