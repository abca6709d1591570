/** What holds of a block of code by its language, as far as that can be seen without running it. */
import ts from 'typescript'
import { parse, parseAllDocuments } from 'yaml'
import { NAMES_BY_KEY, SECTIONS } from '../../src/config/names.ts'
import { errorsWithBroker } from '../config/sources.ts'
import { type Block, readPage } from './pages.ts'

/** Languages whose blocks are programs: `test/clients/docs.test.ts` runs them. */
export const RUN: ReadonlySet<string> = new Set(['sh', 'php', 'python', 'js', 'go'])

/** Commands that a block may begin a line with to be run: they change nothing beside the folder that they run in. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...['curl', 'kprf', 'cat', 'sed', 'printf', 'echo', 'seq'],
])

/** The problems of a block, by its language. */
const CHECKS: Readonly<Record<string, (text: string) => readonly string[]>> = {
  // A drawing, or what a program prints.
  '': () => [],
  text: () => [],
  sh: shellProblems,
  json: jsonProblems,
  yaml: yamlProblems,
  promql: promqlProblems,
  ts: tsProblems,
}

/** Why a block cannot stay as it is; none if it can. */
export function problemsOf({ language, text, marker }: Block): readonly string[] {
  if (marker !== undefined) return []
  const check = CHECKS[language]
  if (check !== undefined) return check(text)
  return RUN.has(language)
    ? []
    : [`nothing checks blocks of ${language}: add a check to test/docs/checks.ts, or a comment`]
}

/** A block that installs, deletes or sends something elsewhere is not run just because it stands on a page. */
function shellProblems(text: string): readonly string[] {
  const commands = [...text.matchAll(/^([a-z][\w-]*)(?= |$)/gm)].map(([, command = '']) => command)
  return commands
    .filter((command) => !HARMLESS.has(command))
    .map((command) => `${command} is not run: say in a comment above the block what runs it`)
}

function jsonProblems(text: string): readonly string[] {
  return problemOf(() => JSON.parse(text) as unknown)
}

/** A configuration of kprf must be one that `kprf config check` accepts; other YAML must be YAML. */
function yamlProblems(text: string): readonly string[] {
  const documents = parseAllDocuments(text)
  const errors = documents.flatMap((document) => document.errors.map(({ message }) => message))
  if (errors.length > 0) return errors
  const value = parse(text.split(/^---$/m)[0] ?? '') as unknown
  const isConfiguration =
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).some((key) => SECTIONS.has(key) || NAMES_BY_KEY.has(key))
  return isConfiguration ? errorsWithBroker({ file: text, env: environmentOf(text) }) : []
}

/** The variables that a configuration says to be set, such as the one of its password. */
function environmentOf(text: string): Record<string, string> {
  const names = text.match(/\bKPRF_[A-Z_]+\b(?<!_FILE)/g) ?? []
  return Object.fromEntries(names.map((name) => [name, 'given']))
}

/** The names of all metrics of kprf. */
export function metricNames(): ReadonlySet<string> {
  const { text } = readPage('docs/METRICS.md')
  return new Set([...text.matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name))
}

/** The metrics that a query names exist. */
function promqlProblems(text: string): readonly string[] {
  const known = metricNames()
  const query = text.replaceAll(/^#.*$/gm, '')
  return (query.match(/\b(?:http|kafka|kprf|ratelimit)_\w+/g) ?? [])
    .filter((name) => !known.has(name) && !known.has(name.replace(/_(count|sum|bucket)$/, '')))
    .map((name) => `no metric is called ${name}`)
}

/** Only whether it is TypeScript: names of the code around it are not known here. */
function tsProblems(text: string): readonly string[] {
  const { diagnostics = [] } = ts.transpileModule(text, { reportDiagnostics: true })
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

function problemOf(work: () => unknown): readonly string[] {
  try {
    work()
    return []
  } catch (error) {
    return [String(error)]
  }
}
