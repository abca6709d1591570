import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { everyRequest } from './support/every-request.ts'

test('README.md names the requests and versions that are served', async () => {
  const path = join(import.meta.dirname, '../README.md')
  const text = await readFile(path, 'utf8')

  const documented = [...text.matchAll(/^\| (\w+) +\| (\d+) to (\d+) +\|$/gm)].map(
    ([, name, minVersion, maxVersion]) => [name, Number(minVersion), Number(maxVersion)],
  )

  const served = [...everyRequest]
    .sort((one, other) => one.api.key - other.api.key)
    .map(({ api }) => [api.name, api.minVersion, api.maxVersion])
  expect(documented).toEqual(served)
})
