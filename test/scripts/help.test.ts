import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

/** Programs of this repository alone: kprf, and the Kafka for tests, have commands of their own. */
const PROGRAMS = Object.entries(scripts).flatMap(([name, command]) => {
  const [, file] = /\bnode (?:--\S+ )*([\w/.-]+\.ts)\b/.exec(command) ?? []
  return file === undefined || /^src\/main|kafka\/cluster/.test(file) ? [] : [[name, file] as const]
})

/** These end within seconds. */
const SHORT = /^(docs|docs:faults|dashboard|generate:.*|bench:profile)$/

const run = (...argv: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, ['--conditions=kprf-source', ...argv], {
    cwd: root,
    encoding: 'utf8',
  })

describe('the scripts of package.json', () => {
  it.each(PROGRAMS)('%s (%s) parses its arguments before it does anything', (_name, file) => {
    expect(readFileSync(join(root, file), 'utf8')).toMatch(
      /^(const values = |.* )?scriptArguments\(/m,
    )
  })

  it.each(PROGRAMS.filter(([name]) => !SHORT.test(name)))(
    '%s (%s) says on standard error how far it is',
    (_name, file) => {
      expect(readFileSync(join(root, file), 'utf8')).toMatch(/new ScriptProgress\(/)
    },
  )

  it('say how far they are, and what they did in all, beside their result', () => {
    const { status, stdout, stderr } = run('test/power-loss/cli.ts', '--runs', '3')

    expect([status, stdout]).toEqual([0, '3 runs, 0 violations\n'])
    expect(stderr).toMatch(/^made 3 runs(, \d+\/s)? in \d+ s\n$/)
  })

  it('print their usage for --help, and do nothing else', () => {
    const { status, stdout } = run('test/balance/cli.ts', '--help')

    expect([status, stdout]).toEqual([
      0,
      'Usage: npm run balance -- [--requests 100000] [--seed N]\n',
    ])
  })

  it('say in one line what is wrong with an argument', () => {
    const { status, stderr } = run('scripts/generate-docs.ts', '--nonsense')

    expect([status, stderr]).toEqual([64, "Unknown option '--nonsense'\nUsage: npm run docs\n"])
  })
})
