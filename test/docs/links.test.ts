/** Every relative link of every page leads somewhere, and the index of docs/ names every page. */
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { allPages, type Page, parsePage, ROOT } from './pages.ts'

const pages = allPages()

/** Links that lead nowhere, of these pages. */
function brokenLinks(among: readonly Page[]): string[] {
  const byPath = new Map(among.map((page) => [page.path, page]))
  return among.flatMap((page) =>
    page.links
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [file = '', anchor] = target.split('#')
        const path = file === '' ? page.path : normalize(join(dirname(page.path), file))
        const linked = byPath.get(path)
        if (linked === undefined) return !existsSync(join(ROOT, path))
        return anchor !== undefined && !linked.anchors.has(anchor)
      })
      .map((target) => `${page.path}: ${target}`),
  )
}

describe('links', () => {
  it('lead to files and headings that are there', () => {
    expect(brokenLinks(pages)).toEqual([])
  })

  it('are found where they lead nowhere', () => {
    const page = parsePage(
      'docs/A.md',
      '# The `a` and b\n\n[a](#the-a-and-b) [b](#c) [c](NONE.md) [d](../README.md) `[e](f)` [f](https://example.com)\n',
    )

    expect(brokenLinks([page])).toEqual(['docs/A.md: #c', 'docs/A.md: NONE.md'])
  })
})

describe('docs/README.md', () => {
  const index = pages.find(({ path }) => path === 'docs/README.md')
  const listed = new Set(index?.links.map((target) => normalize(join('docs', target))))

  it.each(pages.filter(({ path }) => path.startsWith('docs/') && path !== 'docs/README.md'))(
    'links to $path',
    ({ path }) => {
      expect(listed).toContain(path)
    },
  )
})
