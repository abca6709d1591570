import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { configurationPage } from '../../scripts/generate-docs.ts'
import { PROPERTY_NAMES } from '../../src/config/properties/catalog.ts'
import { SETTINGS } from '../../src/config/settings.ts'

describe('docs/CONFIGURATION.md', () => {
  const page = readFileSync(new URL('../../docs/CONFIGURATION.md', import.meta.url), 'utf8')

  it('is what npm run docs makes of the schema', async () => {
    expect(page).toBe(await configurationPage())
  })

  it('names every key, its variable and its librdkafka names', () => {
    for (const { key, variable, property } of SETTINGS) {
      for (const name of [key, variable, ...(property?.names ?? [])])
        expect(page).toContain(`\`${name}\``)
    }
  })

  it('names every property of librdkafka', () => {
    for (const name of PROPERTY_NAMES) expect(page).toContain(`\`${name}\``)
  })
})
