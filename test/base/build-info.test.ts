import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readBuildInfo } from '../../src/base/build-info.ts'

describe('readBuildInfo', () => {
  test('takes the version from package.json', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

    expect(readBuildInfo({}).version).toBe(manifest.version)
  })

  test.each([
    [{ COMMIT_HASH: 'bb29b74' }, 'bb29b74'],
    [{ COMMIT_HASH: '' }, 'unknown'],
    [{}, 'unknown'],
  ])('takes the commit from %j as %s', (env, commitHash) => {
    expect(readBuildInfo(env).commitHash).toBe(commitHash)
  })
})
