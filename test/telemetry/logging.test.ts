import { mkdtempSync, readFileSync, renameSync, rmSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LogLevel } from '../../src/base/log-level.ts'
import { Log } from '../../src/telemetry/logging.ts'
import { ManualClock } from './logging/manual-clock.ts'

let directory: string
let path: string
let clock: ManualClock

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kprf-log-'))
  path = join(directory, 'kprf.log')
  clock = new ManualClock()
})

afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

const openLog = (level: LogLevel = 'info'): Log => new Log({ outputFile: path, level, clock })

const linesOf = (file: string): Record<string, unknown>[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('Log', () => {
  test('writes JSON lines with the time, the level, the text and the fields', async () => {
    const log = openLog()
    clock.advance(1234)

    log.logger.info('listening', { port: 4242 })
    await log.close()

    expect(readFileSync(path, 'utf8')).toBe(
      '{"ts":"1970-01-01T00:00:01.234Z","level":"info","msg":"listening","service":"kprf","port":4242}\n',
    )
  })

  test.each([
    [
      'auto',
      '{"ts":"1970-01-01T00:00:00.000Z","level":"info","msg":"listening","service":"kprf","port":4242}\n',
    ],
    ['pretty', `00:00:00.000Z INFO  ${'listening'.padEnd(40)} port=4242\n`],
  ] as const)('in format %s writes to a file as expected', async (format, expected) => {
    const log = new Log({ outputFile: path, level: 'info', format, clock })

    log.logger.info('listening', { port: 4242 })
    await log.close()

    expect(readFileSync(path, 'utf8')).toBe(expected)
  })

  test('masks a secret that stays in use, however often another is renewed', async () => {
    const log = new Log({ outputFile: path, level: 'info', clock, secrets: ['stays-in-use'] })
    for (let renewal = 0; renewal < 205; renewal += 1)
      log.mask(['stays-in-use', `token-${renewal}`])

    log.logger.info('refused: stays-in-use, token-204, token-203')
    await log.close()

    expect(linesOf(path)).toMatchObject([{ msg: 'refused: ********, ********, ********' }])
  })

  test('keeps the order of lines, and has them all written when closed', async () => {
    const log = openLog()

    for (let i = 0; i < 1000; i += 1) log.logger.info('line', { i })
    await log.close()

    expect(linesOf(path).map(({ i }) => i)).toEqual(Array.from({ length: 1000 }, (_, i) => i))
  })

  test.each([
    ['error', ['error']],
    ['warn', ['error', 'warn']],
    ['info', ['error', 'warn', 'info']],
    ['debug', ['error', 'warn', 'info', 'debug']],
  ] as const)('at level %s writes %j', async (level, expected) => {
    const log = openLog(level)

    log.logger.error('x')
    log.logger.warn('x')
    log.logger.info('x')
    log.logger.debug('x')
    await log.close()

    expect(linesOf(path).map((line) => line['level'])).toEqual(expected)
  })

  test('takes a text with placeholders as it is', async () => {
    const log = openLog()

    log.logger.info('100 %s of %d', { message: 'a field', stack: 'another' })
    await log.close()

    expect(linesOf(path)).toMatchObject([
      { msg: '100 %s of %d', message: 'a field', stack: 'another' },
    ])
  })

  test('counts repeats that are still held back when it is closed', async () => {
    const log = openLog()

    for (let i = 0; i < 12; i += 1) log.logger.limited('warn', 'key', 'again')
    await log.close()

    expect(linesOf(path)).toHaveLength(11)
    expect(linesOf(path).at(-1)).toMatchObject({ msg: 'again', suppressed: 2 })
  })

  test('says how many lines it dropped because they came too fast', async () => {
    const log = openLog()
    const text = 'x'.repeat(1000)

    for (let i = 0; i < 5000; i += 1) log.logger.info(text)
    await log.close()

    const lines = linesOf(path)
    const dropped = 5000 - (lines.length - 1)
    expect(dropped).toBeGreaterThan(0)
    expect(lines.at(-1)).toMatchObject({ level: 'warn', dropped })
  })

  test('ignores lines after it was closed, and a second close', async () => {
    const log = openLog()
    log.logger.info('in time')
    await log.close()

    log.logger.info('late')
    await log.close()

    expect(linesOf(path)).toHaveLength(1)
  })

  test('writes its last line behind all others, that of dropped lines too, and has room for it', async () => {
    const log = openLog()
    const repeat = (): void => {
      for (let i = 0; i < 20; i += 1) log.logger.limited('info', 'key', 'repeated')
    }
    const long = 'x'.repeat(8000)
    repeat()
    for (let i = 0; i < 600; i += 1) log.logger.info(long)

    const closed = log.close({ level: 'info', msg: 'stopped', fields: { lost: 1 } })
    repeat()
    log.logger.error('late')
    await log.close({ level: 'error', msg: 'stopped again', fields: {} })
    await closed

    const lines = linesOf(path)
    expect(lines.at(-1)).toMatchObject({ level: 'info', msg: 'stopped', lost: 1 })
    expect(lines.at(-2)).toMatchObject({ dropped: expect.any(Number) as number })
    expect(lines.some(({ msg }) => msg === 'late' || msg === 'stopped again')).toBe(false)
  })

  test('writes the count of repeats before its last line, and no last line below its level', async () => {
    const log = openLog('warn')
    for (let i = 0; i < 20; i += 1) log.logger.limited('warn', 'key', 'repeated')

    await log.close({ level: 'info', msg: 'stopped', fields: {} })

    expect(linesOf(path)).toHaveLength(11)
    expect(linesOf(path).at(-1)).toMatchObject({ msg: 'repeated', suppressed: 10 })
  })

  test('moves on to a new file without losing a line', async () => {
    const log = openLog()

    for (let i = 0; i < 900; i += 1) {
      if (i === 300) renameSync(path, `${path}.1`)
      if (i === 600) log.reopen()
      log.logger.info('line', { i })
    }
    await log.close()

    const numbers = [...linesOf(`${path}.1`), ...linesOf(path)].map(({ i }) => i)
    expect(numbers).toEqual(Array.from({ length: 900 }, (_, i) => i))
    expect(linesOf(path)).not.toEqual([])
  })

  test('stays with the old file when the new one cannot be opened', async () => {
    const moved = `${directory}-moved`
    const log = openLog()
    renameSync(directory, moved)

    log.reopen()
    log.logger.info('still here')
    await log.close()

    renameSync(moved, directory)
    expect(linesOf(path)).toMatchObject([
      { level: 'error', error: { code: 'ENOENT' } },
      { msg: 'still here' },
    ])
  })

  test('refuses an output file that cannot be written to, naming key, file and reason', () => {
    path = join(directory, 'missing', 'kprf.log')

    expect(openLog).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(
          /^output_file: cannot write to ".*missing\/kprf\.log": ENOENT/,
        ) as string,
      }) as Error,
    )
  })

  test.runIf(existsSync('/dev/full'))(
    'survives a full disk and closes in spite of it',
    async () => {
      path = '/dev/full'
      const log = openLog()

      for (let i = 0; i < 100; i += 1) log.logger.info('line', { i })

      await expect(log.close()).resolves.toBeUndefined()
    },
  )
})
