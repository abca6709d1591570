import { invariant } from '../../base/invariant.ts'

/** What the parameters of a path are in one request, decoded. */
export type PathParams = Readonly<Record<string, string>>

/** Of a path without any. */
export const NO_PARAMS: PathParams = Object.freeze({})

/** What may be between two slashes: characters that need no encoding, or the name of a parameter. */
const SEGMENT = /^(?::\w+|[\w.~-]+)$/

/** A path with parameters, such as `/topics/:topic/raw`: the part of Express's patterns that kprf uses. */
export class PathPattern {
  /** The same for two patterns that only call their parameters by other names. */
  readonly shape: string
  readonly hasParams: boolean
  readonly #segments: readonly string[]

  constructor(pattern: string) {
    this.#segments = segmentsOf(pattern)
    invariant(
      pattern === '/' ||
        (pattern.startsWith('/') && this.#segments.every((text) => SEGMENT.test(text))),
      `${pattern} is a path of segments and :parameters`,
    )
    this.hasParams = pattern.includes(':')
    this.shape = this.#segments.map((text) => (text.startsWith(':') ? ':' : text)).join('/')
  }

  /** Whether a path, of which these are the parts between slashes, is one of this pattern. */
  matches(segments: readonly string[]): boolean {
    if (segments.length !== this.#segments.length) return false
    for (const [index, expected] of this.#segments.entries()) {
      const actual = segments[index]
      if (expected.startsWith(':') ? actual === '' : actual !== expected) return false
    }
    return true
  }

  /**
   * Reads the parameters of a path that matches.
   *
   * @returns `undefined` where one does not decode, which the server refuses before it looks for a route.
   */
  paramsOf(segments: readonly string[]): PathParams | undefined {
    const params: Record<string, string> = {}
    try {
      for (const [index, expected] of this.#segments.entries()) {
        if (!expected.startsWith(':')) continue
        params[expected.slice(1)] = decodeURIComponent(segments[index] ?? '')
      }
    } catch {
      return undefined
    }
    return params
  }
}

/** What is between the slashes of a path that begins with one. */
export function segmentsOf(path: string): readonly string[] {
  return path.slice(1).split('/')
}
