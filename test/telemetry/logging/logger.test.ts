import { describe, expect, test } from 'vitest'
import { FieldLogger } from '../../../src/telemetry/logging/logger.ts'
import { REPEAT_WINDOW_MS, RepeatLimiter } from '../../../src/telemetry/logging/repeat-limiter.ts'
import { ManualClock } from './manual-clock.ts'

const makeLogger = (): { clock: ManualClock; logger: FieldLogger; lines: unknown[][] } => {
  const clock = new ManualClock()
  const lines: unknown[][] = []
  const logger = new FieldLogger((...line) => lines.push(line), new RepeatLimiter(clock))
  return { clock, logger, lines }
}

describe('FieldLogger', () => {
  test('passes on each level, with or without fields', () => {
    const { logger, lines } = makeLogger()

    logger.error('e', { broker: 1 })
    logger.warn('w')
    logger.info('i')
    logger.debug('d')

    expect(lines).toEqual([
      ['error', 'e', { broker: 1 }],
      ['warn', 'w', {}],
      ['info', 'i', {}],
      ['debug', 'd', {}],
    ])
  })

  test('gives its fields to its children, whose own win', () => {
    const { logger, lines } = makeLogger()
    const child = logger.child({ part: 'kafkajs', broker: 1 }).child({ broker: 2 })

    child.info('connected', { attempt: 3 })
    logger.info('not by the child')

    expect(lines).toEqual([
      ['info', 'connected', { part: 'kafkajs', broker: 2, attempt: 3 }],
      ['info', 'not by the child', {}],
    ])
  })

  test('replaces repeats by a line that counts them', () => {
    const { clock, logger, lines } = makeLogger()
    const child = logger.child({ part: 'kafkajs' })

    for (let i = 0; i < 15; i += 1) child.limited('warn', 'key', 'lost a broker', { i })
    clock.advance(REPEAT_WINDOW_MS)

    expect(lines).toHaveLength(11)
    expect(lines[9]).toEqual(['warn', 'lost a broker', { part: 'kafkajs', i: 9 }])
    expect(lines[10]).toEqual(['warn', 'lost a broker', { part: 'kafkajs', suppressed: 5 }])
  })

  test('says what the repeats have in common', () => {
    const { clock, logger, lines } = makeLogger()
    const kind = { error_code: 40401 }

    for (let i = 0; i < 12; i += 1) logger.limited('info', 'key', 'refused', { ...kind, i }, kind)
    clock.advance(REPEAT_WINDOW_MS)

    expect(lines[10]).toEqual(['info', 'refused', { error_code: 40401, suppressed: 2 }])
  })

  test('shares the limit of a key with its children', () => {
    const { logger, lines } = makeLogger()

    for (let i = 0; i < 10; i += 1) logger.limited('warn', 'key', 'again')
    logger.child({ part: 'kafkajs' }).limited('warn', 'key', 'again')

    expect(lines).toHaveLength(10)
  })
})
