/**
 * Which path has which routes. The one place where a path is compared: a request is routed, and the dialect of whatever
 * is refused before that is chosen, by the same look into this table.
 *
 * Paths are compared as they are spelt: upper and lower case differ, `%70` is not `p`, a query does not count, nor does
 * one slash at the end. Only parameters are decoded.
 */
import { invariant } from '../../base/invariant.ts'
import type { Refusal } from '../error-body.ts'
import type { HeaderList } from '../reply.ts'
import { type Dialect, type Dialects, PLAIN } from './dialect.ts'
import { NO_PARAMS, type PathParams, PathPattern, segmentsOf } from './path-pattern.ts'
import type { Route } from './route.ts'

/** The routes of one path. */
export interface RoutesOfPath {
  readonly dialect: Dialect
  /** What the path says to an OPTIONS request, and beside the refusal of a method. */
  readonly allow: HeaderList
  readonly notAllowed: Refusal
  /** `undefined` where the path does not take the method. */
  route(method: string | undefined): Route | undefined
}

/** What a path was found to be. */
export interface PathMatch {
  readonly routes: RoutesOfPath
  readonly params: PathParams
}

interface PatternRoutes {
  readonly pattern: PathPattern
  readonly routes: RoutesOfPath
}

/** See the head of this file. */
export class RouteTable implements Dialects {
  /** Paths without parameters: these come first. */
  readonly #byPath = new Map<string, PathMatch>()
  /** Paths with parameters: the first that matches counts. */
  readonly #patterns: PatternRoutes[] = []

  constructor(routes: readonly Route[]) {
    const shapes = new Set<string>()
    for (const [path, ofPath] of Map.groupBy(routes, (route) => route.path)) {
      const pattern = new PathPattern(path)
      invariant(!shapes.has(pattern.shape), `${path} is one path, with one name of each parameter`)
      shapes.add(pattern.shape)
      const found = routesOf(path, ofPath)
      if (pattern.hasParams) this.#patterns.push({ pattern, routes: found })
      else this.#byPath.set(path, { routes: found, params: NO_PARAMS })
    }
  }

  /**
   * Finds the routes of a request target.
   *
   * @returns `undefined` where no route has such a path.
   */
  match(url: string): PathMatch | undefined {
    // Nearly all requests are spelt as the route is.
    return this.#byPath.get(url) ?? this.#matchPath(pathOf(url))
  }

  dialectOf(url: string): Dialect {
    const path = pathOf(url)
    // Not `match`: a parameter that does not decode belongs to its API all the same.
    const routes = this.#byPath.get(path)?.routes ?? this.#patternOf(segmentsOf(path))?.routes
    return routes?.dialect ?? PLAIN
  }

  #matchPath(path: string): PathMatch | undefined {
    const found = this.#byPath.get(path)
    if (found !== undefined || this.#patterns.length === 0) return found
    const segments = segmentsOf(path)
    const withParams = this.#patternOf(segments)
    const params = withParams?.pattern.paramsOf(segments)
    return withParams && params && { routes: withParams.routes, params }
  }

  #patternOf(segments: readonly string[]): PatternRoutes | undefined {
    return this.#patterns.find(({ pattern }) => pattern.matches(segments))
  }
}

function routesOf(path: string, routes: readonly Route[]): RoutesOfPath {
  const byMethod = new Map<string, Route>(routes.map((route) => [route.method, route]))
  invariant(byMethod.size === routes.length, `${path} has one route for each method`)
  const dialects = new Set(routes.map(({ dialect }) => dialect))
  const [dialect = PLAIN] = dialects
  invariant(dialects.size === 1, `${path} has one dialect`)
  const methods = [...byMethod.keys()]
  return {
    dialect,
    allow: ['Allow', [...methods, 'OPTIONS'].join(', ')],
    notAllowed: {
      code: 'METHOD_NOT_ALLOWED',
      message: `this path takes ${methods.join(' and ')} only`,
    },
    route: (method = '') => byMethod.get(method),
  }
}

/** The path of a request target that begins with a slash, without one at its end. */
function pathOf(url: string): string {
  const end = url.search(QUERY_OR_FRAGMENT)
  const path = end === -1 ? url : url.slice(0, end)
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

/** No target has a fragment, but Node's parser lets one through, and Express would not look at it. */
const QUERY_OR_FRAGMENT = /[?#]/
