import { describe, expect, it } from 'vitest'
import { maskerOf } from '../../../src/base/quotable.ts'
import { formatPretty } from '../../../src/telemetry/logging/pretty-line.ts'

const TS = '2026-01-02T03:04:05.678Z'
const pretty = (msg: unknown, fields: unknown, hasColours = false): string =>
  formatPretty({ ts: TS, level: 'info', msg, fields }, maskerOf(['hunter2']), hasColours)

describe('formatPretty', () => {
  it('writes time, level, message and fields in columns', () => {
    expect(pretty('accepting pushes', { port: 4242, brokers: ['a:9092'], host: '::' })).toBe(
      '03:04:05.678Z INFO  accepting pushes                         port=4242 brokers=["a:9092"] host=::\n',
    )
  })

  it('ends the line with a message without fields', () => {
    expect(pretty('retiring', {})).toBe('03:04:05.678Z INFO  retiring\n')
  })

  it('quotes values with white space, and leaves those out that are undefined', () => {
    expect(pretty('x', { reason: 'no such topic', topic: undefined })).toBe(
      `03:04:05.678Z INFO  ${'x'.padEnd(40)} reason="no such topic"\n`,
    )
  })

  it('shows levels in colours, and times and names dimmed', () => {
    expect(pretty('x', { port: 1 }, true)).toBe(
      `\u001b[2m03:04:05.678Z\u001b[0m \u001b[32mINFO \u001b[0m ${'x'.padEnd(40)} \u001b[2mport=\u001b[0m1\n`,
    )
  })

  it('puts the stack of an error on lines of its own', () => {
    const error = Object.assign(new Error('boom'), { stack: 'Error: boom\n    at here' })

    expect(pretty('failed', { error })).toBe(
      `03:04:05.678Z INFO  ${'failed'.padEnd(40)} error="boom"\n    Error: boom\n        at here\n`,
    )
  })

  it('writes no secret, and no control character of what it is given', () => {
    const error = Object.assign(new Error('\u001b[2J'), { stack: 'hunter2\u001b[2J\r\nhunter2' })
    const line = pretty('a\u001b[2J\r\nb hunter2', { password: 'x', reason: '\u009b', error })

    expect(line).not.toMatch(/hunter2|(?!\n)\p{Cc}/u)
    expect(line).toContain('password=[redacted]')
  })
})
