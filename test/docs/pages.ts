/** The pages of this repository in Markdown, with what tests look at: headings, links and code blocks. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export const ROOT = join(import.meta.dirname, '..', '..')

/** How a block says, in a comment above it, that it is run elsewhere or not at all. */
export interface Marker {
  readonly kind: 'run by' | 'not run'
  /** The file that runs it, or why nothing does. */
  readonly text: string
}

/** Code between two fences. */
export interface Block {
  /** The page and the line, as in `docs/PUSH.md:5`. */
  readonly place: string
  /** Empty if the fence names none: a drawing, or output. */
  readonly language: string
  readonly text: string
  readonly marker: Marker | undefined
}

/** A page. */
export interface Page {
  /** Relative to the root of the repository. */
  readonly path: string
  readonly text: string
  /** What a link can name behind `#`, as GitHub makes it of headings. */
  readonly anchors: ReadonlySet<string>
  /** Targets of links and images. */
  readonly links: readonly string[]
  readonly blocks: readonly Block[]
}

/** Folders whose pages are not of this repository, or are not written by hand. */
const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.git', '.kafka'])

const FENCE = /^```(?<language>\w*)\n(?<code>.*?)^```$/gms
const MARKER = /<!-- (?<kind>run by|not run):? (?<text>[^\n]*?) -->\n+$/
/** Above the first heading of second level, for every block of the page that has no marker of its own. */
const PAGE_MARKER = /^<!-- all (?<kind>run by|not run):? (?<text>[^\n]*?) -->$/m

/** All pages, in the order of their paths. */
export function allPages(): readonly Page[] {
  return pathsIn(ROOT)
    .map((path) => relative(ROOT, path))
    .toSorted()
    .map(readPage)
}

/** Reads a page. */
export function readPage(path: string): Page {
  return parsePage(path, readFileSync(join(ROOT, path), 'utf8'))
}

/** Takes a page apart. */
export function parsePage(path: string, text: string): Page {
  const prose = text.replaceAll(FENCE, '').replaceAll(/`[^`\n]*`/g, '``')
  const headings = [...text.replaceAll(FENCE, '').matchAll(/^#+ (.+)$/gm)]
  return {
    path,
    text,
    anchors: anchorsOf(headings.map(([, heading = '']) => heading)),
    links: [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target),
    blocks: blocksOf(path, text),
  }
}

function pathsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : pathsIn(path)
    return entry.name.endsWith('.md') ? [path] : []
  })
}

function blocksOf(path: string, text: string): readonly Block[] {
  const [head = ''] = text.split(/^## /m)
  const ofPage = markerOf(PAGE_MARKER.exec(head))
  return [...text.matchAll(FENCE)].map((match) => {
    const before = text.slice(0, match.index)
    return {
      place: `${path}:${before.split('\n').length}`,
      language: match.groups?.['language'] ?? '',
      text: match.groups?.['code'] ?? '',
      marker: markerOf(MARKER.exec(before)) ?? ofPage,
    }
  })
}

function markerOf(match: RegExpExecArray | null): Marker | undefined {
  if (match === null) return undefined
  const { kind, text = '' } = match.groups ?? {}
  return { kind: kind === 'run by' ? 'run by' : 'not run', text }
}

/** As GitHub does: letters, digits, `-` and `_` in lower case; repeated ones are numbered. */
function anchorsOf(headings: readonly string[]): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const heading of headings) {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = text.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-')
    let name = anchor
    for (let count = 1; anchors.has(name); count += 1) name = `${anchor}-${count}`
    anchors.add(name)
  }
  return anchors
}
