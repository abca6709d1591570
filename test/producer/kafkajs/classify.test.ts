import net from 'node:net'
import { describe, expect, test } from 'vitest'
import { RDKAFKA } from '../../../src/producer/delivery-errors.ts'
import { classify, reasonOf } from '../../../src/producer/kafkajs/classify.ts'
import { createErrorFromCode, errors, wrappedByRetrier } from '../../support/kafkajs-internals.ts'

const BROKER = 'broker:9092'

/** What kafkajs makes of a socket that fails with this code. */
const connectionError = (code: string | undefined, words = 'it failed'): Error =>
  new errors.KafkaJSConnectionError(`Connection error: ${words}`, { broker: BROKER, code })

const systemError = (code: string): Error => Object.assign(new Error(code), { code })

/** Two errors that are each other's cause; code that follows them for ever gets an error in the end. */
function cycle(first: Error, second: Error): Error {
  let steps = 0
  const leadTo = (next: Error): PropertyDescriptor => ({
    get: () => {
      steps += 1
      if (steps > 1_000) throw new Error('it goes round and round')
      return next
    },
  })
  Object.defineProperty(first, 'cause', leadTo(second))
  Object.defineProperty(second, 'cause', leadTo(first))
  return first
}

describe('classify', () => {
  test.each([
    [3, 3],
    [5, 5],
    [6, 6],
    [7, 7],
    [10, 10],
    [17, 17],
    [19, 19],
    [29, 29],
    [56, 56],
    [87, 87],
    [33, RDKAFKA.authentication],
    [34, RDKAFKA.authentication],
    [58, RDKAFKA.authentication],
  ])('makes %i of a broker %i, bare or wrapped by the retrier', async (code, number) => {
    const error = createErrorFromCode(code)

    expect(classify(error)).toBe(number)
    expect(classify(await wrappedByRetrier(error))).toBe(number)
  })

  test.each([
    ['ECONNREFUSED'],
    ['ECONNRESET'],
    ['EPIPE'],
    ['ETIMEDOUT'],
    ['EHOSTUNREACH'],
    ['ENETUNREACH'],
    ['EADDRNOTAVAIL'],
    ['EMFILE'],
    [undefined],
  ])('makes a transport failure of a connection that ends with %s', async (code) => {
    const error = connectionError(code)

    expect(classify(error)).toBe(RDKAFKA.brokerTransportFailure)
    expect(classify(await wrappedByRetrier(error))).toBe(RDKAFKA.brokerTransportFailure)
  })

  test.each([['ENOTFOUND'], ['EAI_AGAIN'], ['EAI_FAIL']])(
    'makes a resolution failure of %s',
    async (code) => {
      const error = connectionError(code)

      expect(classify(error)).toBe(RDKAFKA.resolve)
      expect(classify(await wrappedByRetrier(error))).toBe(RDKAFKA.resolve)
    },
  )

  // The codes of certificate verification that Node documents, then those of the handshake itself.
  test.each([
    ['UNABLE_TO_GET_ISSUER_CERT'],
    ['UNABLE_TO_GET_CRL'],
    ['UNABLE_TO_DECRYPT_CERT_SIGNATURE'],
    ['UNABLE_TO_DECRYPT_CRL_SIGNATURE'],
    ['UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY'],
    ['CERT_SIGNATURE_FAILURE'],
    ['CRL_SIGNATURE_FAILURE'],
    ['CERT_NOT_YET_VALID'],
    ['CERT_HAS_EXPIRED'],
    ['CRL_NOT_YET_VALID'],
    ['CRL_HAS_EXPIRED'],
    ['ERROR_IN_CERT_NOT_BEFORE_FIELD'],
    ['ERROR_IN_CERT_NOT_AFTER_FIELD'],
    ['ERROR_IN_CRL_LAST_UPDATE_FIELD'],
    ['ERROR_IN_CRL_NEXT_UPDATE_FIELD'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['SELF_SIGNED_CERT_IN_CHAIN'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['CERT_CHAIN_TOO_LONG'],
    ['CERT_REVOKED'],
    ['INVALID_CA'],
    ['PATH_LENGTH_EXCEEDED'],
    ['INVALID_PURPOSE'],
    ['CERT_UNTRUSTED'],
    ['CERT_REJECTED'],
    ['HOSTNAME_MISMATCH'],
    ['ERR_TLS_CERT_ALTNAME_INVALID'],
    ['ERR_TLS_HANDSHAKE_TIMEOUT'],
    ['ERR_SSL_WRONG_VERSION_NUMBER'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'],
    ['ERR_OSSL_X509_KEY_VALUES_MISMATCH'],
    ['EPROTO'],
  ])('makes an SSL failure of %s', async (code) => {
    const error = connectionError(code)

    expect(classify(error)).toBe(RDKAFKA.ssl)
    expect(classify(await wrappedByRetrier(error))).toBe(RDKAFKA.ssl)
  })

  test.each([
    [
      'a request without an answer',
      new errors.KafkaJSRequestTimeoutError('Request Produce(key: 0, version: 7) timed out'),
      RDKAFKA.timedOut,
    ],
    [
      'credentials that are refused',
      new errors.KafkaJSSASLAuthenticationError('SASL PLAIN authentication failed'),
      RDKAFKA.authentication,
    ],
    [
      'a connection that the broker closes',
      new errors.KafkaJSConnectionClosedError('Closed connection', { host: 'broker', port: 9092 }),
      RDKAFKA.brokerTransportFailure,
    ],
    [
      'a broker that metadata does not know',
      new errors.KafkaJSBrokerNotFound('Broker 2 not found in the cached metadata'),
      RDKAFKA.brokerTransportFailure,
    ],
    [
      'a lock that is held too long',
      new errors.KafkaJSLockTimeout('Timeout while acquiring lock'),
      RDKAFKA.brokerTransportFailure,
    ],
    [
      'a broker that does not know a request',
      new errors.KafkaJSServerDoesNotSupportApiKey('The Kafka server does not support it'),
      RDKAFKA.brokerTransportFailure,
    ],
    ['an error of ours', new Error('the request was given up'), RDKAFKA.brokerTransportFailure],
    ['a bug of kafkajs', new TypeError('x is not a function'), RDKAFKA.brokerTransportFailure],
  ])('knows %s, bare or wrapped by the retrier', async (_, error, number) => {
    expect(classify(error)).toBe(number)
    expect(classify(await wrappedByRetrier(error))).toBe(number)
  })

  test('wraps in the retrier as kafkajs does', async () => {
    const retriable = await wrappedByRetrier(createErrorFromCode(3))
    const permanent = await wrappedByRetrier(createErrorFromCode(10))

    expect(retriable).toMatchObject({ name: 'KafkaJSNumberOfRetriesExceeded' })
    expect(permanent).toMatchObject({ name: 'KafkaJSNonRetriableError' })
  })

  test('uses the innermost error with a known meaning', () => {
    const inner = createErrorFromCode(29)
    const middle = Object.assign(new Error('in between', { cause: inner }), { code: 'ENOTFOUND' })
    const outer = new errors.KafkaJSSASLAuthenticationError('authentication failed')
    outer.cause = middle

    expect(classify(outer)).toBe(29)
  })

  test('uses an outer error when the innermost one has no known meaning', () => {
    const outer = new errors.KafkaJSRequestTimeoutError('Request timed out')
    outer.cause = new Error('no more is known')

    expect(classify(outer)).toBe(RDKAFKA.timedOut)
  })

  test('does not treat the number of another kind of error as one of Kafka', () => {
    expect(classify(Object.assign(new Error('odd'), { code: 29 }))).toBe(
      RDKAFKA.brokerTransportFailure,
    )
  })

  test.each([undefined, null, 'a string', 42, {}, { code: 'ENOTFOUND' }, Symbol('x')])(
    'makes a transport failure of %s, which is not an error',
    (thrown) => {
      expect(classify(thrown)).toBe(RDKAFKA.brokerTransportFailure)
    },
  )

  test('comes to an end when causes go in circles', () => {
    const error = cycle(systemError('ENOTFOUND'), new Error('second'))

    expect(classify(error)).toBe(RDKAFKA.resolve)
  })
})

describe('reasonOf', () => {
  test('returns the message of the innermost error', async () => {
    const error = await wrappedByRetrier(connectionError('ECONNREFUSED', 'connect ECONNREFUSED'))

    expect(reasonOf(error)).toBe('connect ECONNREFUSED')
  })

  test.each([
    ['thrown as it is', 'thrown as it is'],
    [42, '42'],
    [undefined, 'undefined'],
  ])('gives %j, which is no error, as text', (thrown, words) => {
    expect(reasonOf(thrown)).toBe(words)
  })

  test('ignores a cause that is not an error', () => {
    expect(reasonOf(new Error('outer', { cause: 'a string' }))).toBe('outer')
  })

  test('comes to an end when causes go in circles', () => {
    const error = cycle(new Error('first'), new Error('second'))

    expect(['first', 'second']).toContain(reasonOf(error))
  })

  test('adds no code if there is neither a code nor a message', () => {
    expect(reasonOf(connectionError(undefined, ''))).not.toContain('undefined')
  })

  test('says why when every address of a host refuses, for which Node has no message', async () => {
    const addresses = [
      { address: '127.0.0.1', family: 4 },
      { address: '127.0.0.2', family: 4 },
    ]
    const socket = net.connect({
      host: 'broker',
      port: 1,
      lookup: (_host, _options, callback) => {
        callback(null, addresses)
      },
    })
    const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException>()
    socket.once('error', resolve)

    const { message, code } = await promise

    expect(message).toBe('')
    expect(reasonOf(connectionError(code, message))).toContain('ECONNREFUSED')
  })
})
