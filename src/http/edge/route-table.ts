import { invariant } from '../../base/invariant.ts'
import type { Refusal } from '../error-body.ts'
import type { HeaderList } from '../reply.ts'
import { type Dialect, type Dialects, PLAIN } from './dialect.ts'
import { NO_PARAMS, type PathParams, PathPattern, segmentsOf } from './path-pattern.ts'
import type { Route } from './route.ts'

/** The routes of one path. */
export interface RoutesOfPath {
  readonly dialect: Dialect
  /** The `Allow` header: for OPTIONS requests and for refused methods. */
  readonly allow: HeaderList
  readonly notAllowed: Refusal
  /** Returns the route of a method; `undefined` if the path does not take it. HEAD has the route of GET. */
  route(method: string | undefined): Route | undefined
}

/** The routes of a matching path, and the parameters. */
export interface PathMatch {
  readonly routes: RoutesOfPath
  readonly params: PathParams
}

interface PatternRoutes {
  readonly pattern: PathPattern
  readonly routes: RoutesOfPath
}

/**
 * Maps paths to routes. Only this class compares paths: one look-up selects both the route of a request and the
 * dialect of its refusals.
 *
 * Paths are compared as written: case matters, `%70` is not `p`, the query does not count, and neither does one
 * slash at the end. Only parameters are decoded.
 */
export class RouteTable implements Dialects {
  /** The routes, such as `POST /push`, but for those that are not named. */
  readonly summary: string
  /** Paths without parameters. They take precedence. */
  readonly #byPath = new Map<string, PathMatch>()
  /** Paths with parameters: the first that matches counts. */
  readonly #patterns: PatternRoutes[] = []

  constructor(routes: readonly Route[]) {
    this.summary = routes
      .filter(({ isNamed = true }) => isNamed)
      .map(({ method, path }) => `${method} ${path}`)
      .join(', ')
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
   * @returns `undefined` if no route has this path.
   */
  match(url: string): PathMatch | undefined {
    // Nearly all requests match without further work.
    return this.#byPath.get(url) ?? this.#matchPath(pathOf(url))
  }

  dialectOf(url: string): Dialect {
    const path = pathOf(url)
    // Not `match`, because a path with a parameter that cannot be decoded still belongs to its API.
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
  const methods = [...byMethod.keys()].flatMap((method) =>
    method === 'GET' ? ['GET', 'HEAD'] : method,
  )
  return {
    dialect,
    allow: ['Allow', [...methods, 'OPTIONS'].join(', ')],
    notAllowed: {
      code: 'METHOD_NOT_ALLOWED',
      message: `this path takes ${inWords(methods)} only`,
    },
    // Node sends no body in reply to HEAD (RFC 9110, 9.3.2).
    route: (method = '') => byMethod.get(method === 'HEAD' ? 'GET' : method),
  }
}

function inWords(names: readonly string[]): string {
  return names.join(', ').replace(/, (?=[^,]*$)/, ' and ')
}

/**
 * Returns the path of a request target, which begins with a slash, without query and without a slash at the end.
 */
function pathOf(url: string): string {
  const end = url.search(QUERY_OR_FRAGMENT)
  const path = end === -1 ? url : url.slice(0, end)
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

/** A request target has no fragment, but Node's parser lets one through, and Express ignores it. */
const QUERY_OR_FRAGMENT = /[?#]/
