/** Programs of the pages, each run as its language runs a file. */
import { execFile } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommandResult } from '../../support/kprf-command.ts'

/** How a language runs a file of this name. */
interface Language {
  readonly file: string
  /** The program, and what goes before the file. */
  readonly command: readonly [string, ...string[]]
}

const LANGUAGES: ReadonlyMap<string, Language> = new Map([
  ['sh', { file: 'commands.sh', command: ['/bin/sh', '-e'] }],
  ['php', { file: 'push.php', command: ['php'] }],
  ['python', { file: 'push.py', command: ['/usr/bin/python3'] }],
  ['js', { file: 'push.mjs', command: [process.execPath] }],
  ['go', { file: 'main.go', command: ['go', 'run'] }],
])

/** Where Debian has Guzzle; Composer has it in `vendor`. */
const GUZZLE = '/usr/share/php/GuzzleHttp/autoload.php'
/** Longer than any program on a page takes; `go run` compiles first. */
const TIMEOUT_MS = 100_000

/** Where and with what a program runs. */
export interface ProgramSurroundings {
  /** For its file; each program gets a folder of its own in it. */
  readonly folder: string
  /** A folder with further commands. */
  readonly path?: string
}

/** Runs a program to its end. */
export async function runProgram(
  language: string,
  program: string,
  { folder, path }: ProgramSurroundings,
): Promise<CommandResult> {
  const { file, command } = languageOf(language)
  const own = await mkdtemp(join(folder, 'program-'))
  const text = program
    .replace("__DIR__ . '/vendor/autoload.php'", `'${GUZZLE}'`)
    .replaceAll(/^( *|.*\$\()curl (?!--silent)/gm, '$1curl -sS ')
  await writeFile(join(own, file), text)
  const [name, ...args] = [...command, join(own, file)]
  return await new Promise((resolve) => {
    execFile(
      name,
      args,
      {
        // Commands on the pages name files of the repository, and those that another one wrote.
        ...{ cwd: language === 'sh' ? folder : own, timeout: TIMEOUT_MS },
        env: { ...process.env, PATH: [path, process.env['PATH']].filter(Boolean).join(':') },
      },
      (error, stdout, stderr) => {
        resolve({ stdout, stderr, exitCode: error === null ? 0 : exitCodeOf(error.code) })
      },
    )
  })
}

function exitCodeOf(code: unknown): number | null {
  return typeof code === 'number' ? code : null
}

function languageOf(language: string): Language {
  const known = LANGUAGES.get(language)
  if (known === undefined) throw new Error(`no program runs ${language}`)
  return known
}
