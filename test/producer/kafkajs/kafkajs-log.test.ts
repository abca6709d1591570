import { logLevel, type Logger } from 'kafkajs'
import { createLogger } from 'kafkajs/src/loggers/index.js'
import { describe, expect, test } from 'vitest'
import { kafkajsLogCreator } from '../../../src/producer/kafkajs/kafkajs-log.ts'

interface Line {
  readonly level: string
  readonly message: unknown
  readonly fields: Readonly<Record<string, unknown>>
}

/** kafkajs's own logger with the sink of kprf, the logger of its connections, and their lines. */
function makeLogger(level = logLevel.DEBUG): { root: Logger; logger: Logger; lines: Line[] } {
  const lines: Line[] = []
  const logCreator = kafkajsLogCreator((lineLevel, message, fields) => {
    lines.push({ level: lineLevel, message, fields })
  })
  const root = createLogger({ level, logCreator })
  return { root, logger: root.namespace('Connection'), lines }
}

describe('kafkajsLogCreator', () => {
  test.each(['error', 'warn', 'info', 'debug'] as const)(
    'passes a line of level %s on at level debug: kprf says itself what is wrong',
    (level) => {
      const { logger, lines } = makeLogger()

      logger[level]('Connection error: connect ECONNREFUSED 127.0.0.1:9092')

      expect(lines).toEqual([
        {
          level: 'debug',
          message: 'Connection error: connect ECONNREFUSED 127.0.0.1:9092',
          fields: { component: 'kafkajs Connection' },
        },
      ])
    },
  )

  test('names the part of kafkajs that logs', () => {
    const { root, lines } = makeLogger()

    root.namespace('BrokerPool').info('Connecting')

    expect(lines.map(({ fields }) => fields)).toEqual([{ component: 'kafkajs BrokerPool' }])
  })

  test('names kafkajs alone where no part of it is named', () => {
    const { root, lines } = makeLogger()

    root.info('Connecting')

    expect(lines.map(({ fields }) => fields)).toEqual([{ component: 'kafkajs' }])
  })

  test('keeps what helps to find the cause', () => {
    const { logger, lines } = makeLogger()
    const extra = {
      broker: 'broker:9092',
      error: 'Broker not available',
      apiName: 'Produce',
      correlationId: 0,
      size: 55,
      retryCount: 2,
    }

    logger.debug('Response Produce(key: 0, version: 7)', extra)

    expect(lines.map(({ fields }) => fields)).toEqual([
      { component: 'kafkajs Connection', ...extra },
    ])
  })

  test('drops everything else: payloads, secrets, stacks', () => {
    const { logger, lines } = makeLogger()

    logger.debug('Response SaslAuthenticate(key: 36, version: 1)', {
      clientId: 'kprf',
      payload: { type: 'Buffer', data: '[filtered]' },
      stack: 'Error: at somewhere',
      sasl: { username: 'user', password: 'secret' },
      broker: undefined,
    })

    expect(lines.map(({ fields }) => fields)).toEqual([{ component: 'kafkajs Connection' }])
  })

  test('passes on only what kafkajs logs at the level that was asked for', () => {
    const { logger, lines } = makeLogger(logLevel.INFO)

    logger.debug('Request Produce(key: 0, version: 7)')

    expect(lines).toEqual([])
  })

  test('writes the message if kafkajs logs an error object', () => {
    const { logger, lines } = makeLogger()
    const refused: unknown = new Error('SASL PLAIN authentication failed')

    // As the broker pool of kafkajs does when a broker refuses the credentials.
    logger.error(refused as string, { retryCount: 0 })

    expect(lines.map(({ message }) => message)).toEqual(['SASL PLAIN authentication failed'])
  })
})
