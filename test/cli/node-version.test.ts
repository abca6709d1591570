import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nodeVersionError } from '../../src/cli/node-version.ts'

describe('nodeVersionError', () => {
  it.each([
    ...['18.20.8', '20.20.2', '22.9.0', '22.22.1', '23.11.1', '24.0.0', '24.14.0', '25.8.2'],
    ...['25.9.0', '22.22.1-nightly', ''],
  ])('refuses Node.js %s', (version) => {
    expect(nodeVersionError(version)).toBe(
      `kprf needs Node.js 22.22.2 or a later 22, 24.14.1 or a later 24, 26 or newer; this is ${version}`,
    )
  })

  it.each(['22.22.2', '22.23.0', '24.14.1', '24.15.0', '26.0.0', '26.10.0', '27.0.0-pre'])(
    'takes Node.js %s',
    (version) => {
      expect(nodeVersionError(version)).toBeUndefined()
    },
  )

  it('asks for what package.json asks for', () => {
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
    const { engines } = JSON.parse(manifest) as { engines: { node: string } }

    expect(engines.node).toBe('>=22.22.2 <23 || >=24.14.1 <25 || >=26')
  })
})
