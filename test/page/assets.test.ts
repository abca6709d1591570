import { describe, expect, it } from 'vitest'
import { ASSET_HEADERS, isKnown, loadAssets } from '../../src/page/assets.ts'

const assets = loadAssets()
const textOf = (path: string): string =>
  assets.find((asset) => asset.path === path)?.body.toString() ?? ''

describe('The files of the page', () => {
  it('have everything that the page and its scripts ask for', () => {
    const scripts = assets.filter(({ path }) => path.endsWith('.js') && !path.endsWith('uplot.js'))
    const imported = scripts.flatMap(({ body }) =>
      [...body.toString().matchAll(/from '\.\/(.+)'/g)].map(([, name = '']) => `page/${name}`),
    )
    const named = [...textOf('/').matchAll(/(?:src|href)="(page\/[^"]+)"/g)].map(
      ([, path = '']) => path,
    )

    expect(named).toEqual(expect.arrayContaining(['page/main.js', 'page/style.css']))
    expect(imported).toEqual(expect.arrayContaining(['page/uplot.js', 'page/dom.js']))
    const paths = assets.map(({ path }) => path)
    expect([...named, ...imported].filter((path) => !paths.includes(`/${path}`))).toEqual([])
  })

  it('are only what browsers use', () => {
    const types = new Set(assets.map(({ contentType }) => contentType))

    expect(types).toEqual(
      new Set([
        'text/html; charset=utf-8',
        'text/css; charset=utf-8',
        'text/javascript; charset=utf-8',
      ]),
    )
    expect(assets.map(({ path }) => path).filter((path) => path.includes('tsconfig'))).toEqual([])
  })

  it('have no script or style that the policy would refuse', () => {
    const html = textOf('/')

    expect(html).not.toMatch(/<script(?![^>]* src=)/)
    expect(html).not.toMatch(/<style| style=| on[a-z]+=/)
    expect(Object.fromEntries(ASSET_HEADERS)['Content-Security-Policy']).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; /,
    )
  })

  it('name no other host, so that the page works offline', () => {
    const own = assets.filter(({ path }) => !path.includes('uplot'))

    for (const { path, body } of own) expect(body.toString(), path).not.toMatch(/https?:\/\//)
  })

  it('are known by their tag, which changes with the content', () => {
    const [one, other] = assets
    if (one === undefined || other === undefined) throw new Error('there are no files')

    expect(one.etag).toMatch(/^"[\w-]{22}"$/)
    expect(one.etag).not.toBe(other.etag)
    expect(isKnown(one, one.etag)).toBe(true)
    expect(isKnown(one, `${other.etag}, ${one.etag}`)).toBe(true)
    expect(isKnown(one, other.etag)).toBe(false)
    expect(isKnown(one, undefined)).toBe(false)
  })
})
