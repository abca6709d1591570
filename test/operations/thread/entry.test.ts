import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** What a file loads when it is run, imports of types left out. */
function importsOf(file: URL): string[] {
  const statements = readFileSync(file, 'utf8').matchAll(
    /^(?:import|export) (?!type )(?:[\w\s{},*]+ from )?'([^']+)'/gm,
  )
  return [...statements].map(([, name = '']) => name)
}

test('the thread of the operations port loads no library, nothing of the producer and no configuration', () => {
  const files = new Set<string>()
  const libraries = new Set<string>()
  const visit = (file: URL): void => {
    if (files.has(file.href)) return
    files.add(file.href)
    for (const name of importsOf(file)) {
      if (name.startsWith('.')) visit(new URL(name, file))
      else if (!name.startsWith('node:')) libraries.add(name)
    }
  }

  visit(new URL('../../../src/operations/thread/entry.ts', import.meta.url))

  expect([...libraries]).toEqual([])
  expect([...files].filter((file) => /\/src\/(producer|config|metrics)\//.test(file))).toEqual([])
  expect(files.size).toBeGreaterThan(15)
})
