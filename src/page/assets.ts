/** The files of the page: read once, at the start, and sent from memory. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { ownFile } from '../base/own-files.ts'
import { UPLOT_FILES } from './uplot.ts'

/** One file of the page. */
export interface Asset {
  /** Where it is served: `/` is the page itself. */
  readonly path: string
  readonly contentType: string
  readonly body: Buffer
  /** Changes with the content; quoted, as in the header. */
  readonly etag: string
}

/** Where the page itself is served. */
export const PAGE_PATH = '/'
/** The files of the page are below it. The page names them without a slash at the start, for proxies with a prefix. */
export const FILES_PREFIX = '/page/'
/** Where the page reads what is new. */
export const LIVE_PATH = '/page/live'

/**
 * The headers of each file. The page runs only its own scripts and reads only from where it came from, so that a
 * name of a topic cannot become a script.
 */
export const ASSET_HEADERS: readonly (readonly [name: string, value: string])[] = [
  [
    'Content-Security-Policy',
    [
      ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"],
      ...['img-src data:', "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
    ].join('; '),
  ],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
  // The browser asks each time whether the file is still the same, so that a new kprf has a new page.
  ['Cache-Control', 'no-cache'],
]

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}

const BROWSER_FOLDER = ownFile('page/browser/')
const INDEX = 'index.html'

/** Reads all files of the page. */
export function loadAssets(): readonly Asset[] {
  const own = readdirSync(BROWSER_FOLDER).map(
    (name) => [name, new URL(name, BROWSER_FOLDER)] as const,
  )
  return [...own, ...UPLOT_FILES].flatMap(([name, file]) => {
    const contentType = CONTENT_TYPES[extname(name)]
    return contentType === undefined ? [] : [assetOf(name, contentType, readFileSync(file))]
  })
}

/** Whether a browser that has this version of a file need not get it again. @param ifNoneMatch - the header */
export function isKnown({ etag }: Asset, ifNoneMatch: string | undefined): boolean {
  return ifNoneMatch?.split(',').some((one) => one.trim() === etag) ?? false
}

function assetOf(name: string, contentType: string, body: Buffer): Asset {
  const hash = createHash('sha256').update(body).digest('base64url')
  const path = name === INDEX ? PAGE_PATH : `${FILES_PREFIX}${name}`
  return { path, contentType, body, etag: `"${hash.slice(0, 22)}"` }
}
