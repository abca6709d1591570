import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Capability } from './client.ts'
import { capabilities } from './client.ts'

const documentPath = join(import.meta.dirname, '../../../packages/embedded-broker/README.md')

const BEGIN = '<!-- client matrix: written by the run of test/clients, not by hand -->'
const END = '<!-- end of client matrix -->'

/** What one client was seen to do. */
export interface Column {
  readonly name: string
  readonly version: string
  /** What the client cannot do by itself. */
  readonly lacks: readonly Capability[]
  /** What it did in this run. */
  readonly done: readonly Capability[]
}

/** The matrix as Markdown: `yes` was seen in this run, `-` is beyond the client itself. */
export function renderMatrix(columns: readonly Column[]): string {
  const cell = ({ lacks, done }: Column, capability: Capability): string =>
    done.includes(capability) ? 'yes' : lacks.includes(capability) ? '-' : 'no'
  const rows = [
    ['', ...columns.map(({ name }) => name)],
    ['---', ...columns.map(() => '---')],
    ['version', ...columns.map(({ version }) => version)],
    ...capabilities.map((capability) => [
      capability,
      ...columns.map((column) => cell(column, capability)),
    ]),
  ]
  const widths = (rows[0] ?? []).map((_, index) =>
    Math.max(...rows.map((row) => row[index]?.length ?? 0)),
  )
  return rows
    .map((row) => {
      const cells = row.map((text, index) =>
        text === '---' ? '-'.repeat(widths[index] ?? 3) : text.padEnd(widths[index] ?? 0),
      )
      return `| ${cells.join(' | ')} |`
    })
    .join('\n')
}

/** The matrix that the document shows. */
export async function documentedMatrix(): Promise<string> {
  const text = await readFile(documentPath, 'utf8')
  return text.slice(text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)).trim()
}

/** Puts the matrix into the document. */
export async function documentMatrix(matrix: string): Promise<void> {
  const text = await readFile(documentPath, 'utf8')
  const head = text.slice(0, text.indexOf(BEGIN) + BEGIN.length)
  await writeFile(documentPath, `${head}\n\n${matrix}\n\n${text.slice(text.indexOf(END))}`)
}

/** The cells alone, without the versions, which differ from machine to machine. */
export function cellsOf(matrix: string): readonly string[] {
  return matrix
    .split('\n')
    .filter((line) => !line.startsWith('| version '))
    .map((line) => line.replace(/[\s-]+/g, ' ').trim())
}
