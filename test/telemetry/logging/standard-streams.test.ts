import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'

const sourceUrl = (path: string): string => new URL(`../../../src/${path}`, import.meta.url).href

/** Starts a process that opens a log as `log` and then runs `body`. */
const start = (outputFile: string, body: string, stdio: StdioOptions): ChildProcess => {
  const program = `
    import { Log } from '${sourceUrl('telemetry/logging.ts')}'
    import { systemClock } from '${sourceUrl('base/clock.ts')}'
    const log = new Log({ outputFile: '${outputFile}', level: 'info', clock: systemClock })
    ${body}`
  return spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio })
}

const exitCode = async (child: ChildProcess): Promise<unknown> => {
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}

const LOG_THREE = `
  for (const n of [1, 2, 3]) log.logger.info('line', { n })
  await log.close()
  process.exit(7)`

/** Far more than the operating system buffers for a reader. */
const LOG_A_MEBIBYTE = `
  for (let n = 0; n < 1024; n += 1) log.logger.info('x'.repeat(1024))
  await log.close()
  process.exit(7)`

const numbersIn = (output: string): unknown[] =>
  output
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { n: unknown }).n)

describe('A log on a standard stream', () => {
  test('is written to /dev/stdout in full before the process exits', async () => {
    const child = start('/dev/stdout', LOG_THREE, ['ignore', 'pipe', 'inherit'])
    if (child.stdout === null) throw new Error('no pipe')

    const [output, code] = await Promise.all([text(child.stdout), exitCode(child)])

    expect(numbersIn(output)).toEqual([1, 2, 3])
    expect(code).toBe(7)
  })

  test('is written to /dev/stderr', async () => {
    const child = start('/dev/stderr', LOG_THREE, ['ignore', 'ignore', 'pipe'])
    if (child.stderr === null) throw new Error('no pipe')

    const [output, code] = await Promise.all([text(child.stderr), exitCode(child)])

    expect(numbersIn(output)).toEqual([1, 2, 3])
    expect(code).toBe(7)
  })

  test('is written to a file that stdout was redirected to', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kprf-log-'))
    const path = join(directory, 'out')
    const fd = openSync(path, 'w')

    const code = await exitCode(start('/dev/stdout', LOG_THREE, ['ignore', fd, 'inherit']))

    expect(numbersIn(readFileSync(path, 'utf8'))).toEqual([1, 2, 3])
    expect(code).toBe(7)
    closeSync(fd)
    rmSync(directory, { recursive: true })
  })

  test('does not end the process when the reader goes away', async () => {
    const child = start('/dev/stdout', LOG_A_MEBIBYTE, ['ignore', 'pipe', 'inherit'])

    child.stdout?.destroy()

    expect(await exitCode(child)).toBe(7)
  })

  test('does not hold up the exit when the reader stops reading', async () => {
    const child = start('/dev/stdout', LOG_A_MEBIBYTE, ['ignore', 'pipe', 'inherit'])

    child.stdout?.pause()

    expect(await exitCode(child)).toBe(7)
  })
})
