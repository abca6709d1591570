import { describe, expect, it } from 'vitest'
import { RULES } from '../../src/config/contradictions.ts'
import { SETTINGS_BY_KEY } from '../../src/config/settings.ts'
import { problemsOf, problemsWithBroker } from './sources.ts'

const SASL = ['--kafka.user=u', '--kafka.password=p']

describe('the rules between keys', () => {
  it.each(RULES.map(({ rule, keys }) => [rule, keys] as const))(
    'know their keys: %s',
    (_, keys) => {
      expect(keys.filter((key) => !SETTINGS_BY_KEY.has(key))).toEqual([])
    },
  )

  it.each([
    [
      'a broker of its own beside others',
      ['--embedded-broker'],
      '--embedded-broker is given, and kafka.brokers too; remove one of them',
    ],
    ['a value for a switch', ['--json=yes'], '--json: takes no value; write --json alone'],
    [
      'linger equal to the message timeout',
      ['--kafka.queue_buffering_max_ms=2000'],
      'kafka.message_timeout_ms is 2000 and kafka.queue_buffering_max_ms is 2000: `message.timeout.ms` must be greater than `linger.ms`',
    ],
    [
      'linger above the message timeout',
      ['--kafka.message_timeout_ms=9'],
      'kafka.message_timeout_ms is 9 and kafka.queue_buffering_max_ms is 10: `message.timeout.ms` must be greater than `linger.ms`',
    ],
    [
      'idempotence with the acknowledgement of the leader alone',
      ['--kafka.enable_idempotence=true', '--kafka.request_required_acks=1'],
      'kafka.enable_idempotence is true and kafka.request_required_acks is 1: idempotence needs -1, the acknowledgement of all in-sync replicas',
    ],
    [
      'idempotence without retries',
      ['--kafka.enable_idempotence=true', '--kafka.retries=0'],
      'kafka.enable_idempotence is true and kafka.retries is 0: idempotence needs at least 1',
    ],
    [
      'a queue too small for several workers',
      ['--workers=2', '--kafka.queue_buffering_max_messages=999'],
      'workers is 2 and kafka.queue_buffering_max_messages is 999; workers share a queue of at least 1000: raise it, set it to 0, or set workers to 1',
    ],
    [
      'one port for both servers',
      ['--http.port=8088'],
      'http.port and http.metrics_port are both 8088; they must differ',
    ],
    [
      'SASL without a user',
      ['--kafka.security_protocol=sasl_ssl'],
      'kafka.security_protocol is sasl_ssl, but kafka.user is empty; set it, or use ssl',
    ],
    [
      'a user without SASL',
      [...SASL, '--kafka.security_protocol=ssl'],
      'kafka.user is set, but kafka.security_protocol is ssl; use sasl_ssl, or remove the user',
    ],
    [
      'a user with plaintext',
      [...SASL, '--kafka.security_protocol=plaintext'],
      'kafka.user is set, but kafka.security_protocol is plaintext; use sasl_plaintext, or remove the user',
    ],
    [
      'a password without user',
      ['--kafka.password=hunter2'],
      'kafka.password is set, but kafka.user is empty; set both or neither',
    ],
    [
      'a user without password',
      ['--kafka.user=u'],
      'kafka.user is set, but kafka.password is empty; set both or neither',
    ],
    [
      'a certificate without key',
      ['--kafka.security_protocol=ssl', '--kafka.ssl.cert_file=c'],
      'kafka.ssl.cert_file is set, but kafka.ssl.key_file is empty; set both or neither',
    ],
    [
      'a key without certificate',
      ['--kafka.security_protocol=ssl', '--kafka.ssl.key_file=k'],
      'kafka.ssl.key_file is set, but kafka.ssl.cert_file is empty; set both or neither',
    ],
    [
      'a key password without key',
      ['--kafka.ssl.key_password=hunter2'],
      'kafka.ssl.key_password is set, but kafka.ssl.key_file is empty; set both or neither',
    ],
    [
      'authorities without TLS',
      ['--kafka.ssl.ca_file=ca'],
      'kafka.ssl.ca_file is set, but kafka.security_protocol is plaintext, which does not encrypt; use ssl',
    ],
    [
      'authorities with a user, but without TLS',
      [...SASL, '--kafka.ssl.ca_file=ca'],
      'kafka.ssl.ca_file is set, but kafka.security_protocol is sasl_plaintext, which does not encrypt; use sasl_ssl',
    ],
    [
      'a broker of another protocol',
      ['--kafka.brokers=PLAINTEXT://a,SSL://b:1'],
      'kafka.brokers has ssl://b:1, but kafka.security_protocol is plaintext; make them agree',
    ],
  ])('refuse %s', (_, argv, problem) => {
    expect(problemsWithBroker({ argv })).toEqual([problem])
  })

  it.each([
    ['linger just below the message timeout', ['--kafka.queue_buffering_max_ms=1999']],
    [
      'any linger without message timeout',
      ['--kafka.queue_buffering_max_ms=900000', '--kafka.message_timeout_ms=0'],
    ],
    ['any free ports', ['--http.port=0', '--http.metrics_port=0']],
    ['a user with SASL', [...SASL, '--kafka.security_protocol=sasl_plaintext']],
    ['a user alone', SASL],
    [
      'a key without password',
      ['--kafka.security_protocol=ssl', '--kafka.ssl.cert_file=c', '--kafka.ssl.key_file=k'],
    ],
    [
      'authorities with SASL over TLS',
      [...SASL, '--kafka.security_protocol=sasl_ssl', '--kafka.ssl.ca_file=ca'],
    ],
    [
      'brokers of the same protocol',
      ['--kafka.security_protocol=ssl', '--kafka.brokers=SSL://a,ssl://b,c'],
    ],
  ])('allow %s', (_, argv) => {
    expect(problemsWithBroker({ argv })).toEqual([])
  })

  it('are not applied while one of their keys is wrong in itself', () => {
    expect(
      problemsOf({ argv: ['--kafka.brokers=k', '--http.port=x', '--http.metrics_port=x'] }),
    ).toHaveLength(2)
  })

  it('need no broker where kprf brings its own', () => {
    expect(problemsOf({ argv: ['--embedded-broker'] })).toEqual([])
  })
})
