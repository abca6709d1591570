import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path/posix'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const files = globSync('{src,packages/*/src}/**/*.ts', { cwd: root })

/** What each file imports, types too, of which the lint rule knows nothing. */
const imports = new Map(
  files.map((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    const paths = [...text.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g)]
    return [file, paths.map(([, path = '']) => normalize(join(dirname(file), path)))]
  }),
)

/** The first way found that leads from a file back to itself. */
function circle(): readonly string[] {
  const finished = new Set<string>()
  const visit = (file: string, way: readonly string[]): readonly string[] => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file]
    if (finished.has(file)) return []
    for (const next of imports.get(file) ?? []) {
      const found = visit(next, [...way, file])
      if (found.length > 0) return found
    }
    finished.add(file)
    return []
  }
  for (const file of files) {
    const found = visit(file, [])
    if (found.length > 0) return found
  }
  return []
}

test('no import leads back to where it came from, also not through types', () => {
  expect(files.length).toBeGreaterThan(200)
  expect([...imports.values()].flat().length).toBeGreaterThan(files.length)
  expect(circle()).toEqual([])
})
