import { describe, expect, it } from 'vitest'
import { type Dialect, PLAIN } from '../../../src/http/edge/dialect.ts'
import type { Route } from '../../../src/http/edge/route.ts'
import { RouteTable } from '../../../src/http/edge/route-table.ts'

const TOPICS: Dialect = { ...PLAIN }

function route(path: string, overrides: Partial<Route> = {}): Route {
  return {
    ...{ name: 'test', method: 'GET', path, access: 'open', dialect: TOPICS, body: 'none' },
    answer: () => 200,
    ...overrides,
  } as Route
}

describe('RouteTable', () => {
  const table = new RouteTable([
    ...[route('/'), route('/topics/:topic'), route('/topics/all'), route('/topics/:topic/raw')],
    route('/topics/:topic/raw', { method: 'POST' }),
  ])

  it.each([
    ['/topics/t', { topic: 't' }],
    ['/topics/t/?x/y', { topic: 't' }],
    ['/topics/a%2Fb%20%C3%A4/raw#x', { topic: 'a/b ä' }],
    ['/topics/__proto__', { topic: '__proto__' }],
    ['/topics/all', {}],
    ['/topics/all?x', {}],
    ['/topics/%61ll', { topic: 'all' }],
    ['/?x', {}],
  ])('finds in %s the parameters %j', (url, params) => {
    expect(table.match(url)?.params).toEqual(params)
    expect(table.dialectOf(url)).toBe(TOPICS)
  })

  it.each([
    ...['/topics', '/topics/', '/topics//', '/topics//raw', '/topics/t//', '/topics/t/Raw'],
    ...['', '*', 'topics/t', 'http://h/topics/t', '/topics/t/raw/x', '/%74opics/t'],
  ])('finds nothing in %j', (url) => {
    expect(table.match(url)).toBeUndefined()
    expect(table.dialectOf(url)).toBe(PLAIN)
  })

  it('finds the dialect, but no route, of a path that cannot be decoded', () => {
    expect(table.match('/topics/%ZZ')).toBeUndefined()
    expect(table.dialectOf('/topics/%ZZ')).toBe(TOPICS)
  })

  it('knows the methods of a path', () => {
    const routes = table.match('/topics/t/raw')?.routes

    expect(routes?.route('POST')?.method).toBe('POST')
    expect(routes?.route('HEAD')?.method).toBe('GET')
    expect(routes?.route('DELETE')).toBeUndefined()
    expect(routes?.allow).toEqual(['Allow', 'GET, HEAD, POST, OPTIONS'])
  })

  it.each([
    ['two names of one parameter', [route('/a/:b'), route('/a/:c', { method: 'PUT' })]],
    ['two dialects of one path', [route('/a'), route('/a', { method: 'PUT', dialect: PLAIN })]],
    ['two routes of one method', [route('/a'), route('/a')]],
    ['a wildcard', [route('/a/*rest')]],
    ['an optional part', [route('/a{/:b}')]],
    ['a slash at the end', [route('/a/')]],
    ['no slash', [route('a')]],
  ])('is not made with %s', (_, routes) => {
    expect(() => new RouteTable(routes)).toThrow('invariant')
  })
})
