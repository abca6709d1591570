import { describe, expect, it } from 'vitest'
import { COMPRESSION_CODECS } from '../../src/base/kafka-names.ts'
import { RULES } from '../../src/config/rules/rules.ts'
import { NAMES_BY_KEY } from '../../src/config/names.ts'
import { effectiveLevel } from '../../src/producer/compression/codec.ts'
import { loadWithBroker, errorsOf, errorsWithBroker } from './sources.ts'

const SASL = ['--kafka.user=u', '--kafka.password=p']
const SSL = ['--kafka.security_protocol=ssl']
const OAUTH = ['--kafka.security_protocol=sasl_ssl', '--kafka.sasl_mechanism=oauthbearer']
const OIDC = [
  ...OAUTH,
  '--kafka.properties.sasl.oauthbearer.method=oidc',
  '--kafka.properties.sasl.oauthbearer.client.id=me',
  '--kafka.properties.sasl.oauthbearer.client.secret=secret',
  '--kafka.properties.sasl.oauthbearer.token.endpoint.url=https://sso/token',
]

describe('the rules between keys', () => {
  it.each(RULES.map(({ rule, keys }) => [rule, keys] as const))(
    'know their keys: %s',
    (_, keys) => {
      expect(keys.filter((key) => !NAMES_BY_KEY.has(key))).toEqual([])
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
      'kafka.message_timeout_ms is 2000 and kafka.queue_buffering_max_ms is 2000: the first must be greater than the second',
    ],
    [
      'linger above the message timeout',
      ['--kafka.message_timeout_ms=9'],
      'kafka.message_timeout_ms is 9 and kafka.queue_buffering_max_ms is 10: the first must be greater than the second',
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
      'a user without password for SASL',
      ['--kafka.security_protocol=sasl_ssl', '--kafka.user=u'],
      'kafka.user is set, but kafka.password is empty; set both or neither',
    ],
    [
      'more requests in flight than brokers remember of an idempotent producer',
      ['--kafka.enable_idempotence=true', '--kafka.properties.max.in.flight=6'],
      'max.in.flight is 6: `max.in.flight` must be set <= 5 when `enable.idempotence` is true',
    ],
    [
      'a longest backoff that is shorter than the first',
      [
        '--kafka.properties.reconnect.backoff.ms=11',
        '--kafka.properties.reconnect.backoff.max.ms=10',
      ],
      'reconnect.backoff.max.ms is 10 and reconnect.backoff.ms is 11: `reconnect.backoff.max.ms` must be >= `reconnect.backoff.ms`',
    ],
    [
      'a token without SASL',
      ['--kafka.sasl_mechanism=oauthbearer', '--kafka.sasl_oauthbearer_token=t'],
      'kafka.sasl_mechanism is oauthbearer, but kafka.security_protocol is plaintext; use sasl_ssl',
    ],
    [
      'a token beside a user',
      [...SASL, '--kafka.sasl_mechanism=oauthbearer', '--kafka.sasl_oauthbearer_token=t'],
      'kafka.user is set, but kafka.sasl_mechanism is oauthbearer, which takes a token; remove one of them',
    ],
    [
      'a token for another mechanism',
      [...SASL, '--kafka.sasl_oauthbearer_token=t'],
      'kafka.sasl_oauthbearer_token is set, but kafka.sasl_mechanism is plain; use oauthbearer',
    ],
    [
      'no token',
      OAUTH,
      'kafka.sasl_mechanism is oauthbearer, but there is no token; set one of kafka.sasl_oauthbearer_token, sasl.oauthbearer.method=oidc, enable.sasl.oauthbearer.unsecure.jwt=true',
    ],
    [
      'two places for a token',
      [...OIDC, '--kafka.sasl_oauthbearer_token=t'],
      'kafka.sasl_oauthbearer_token and sasl.oauthbearer.method=oidc are mutually exclusive; keep one of them',
    ],
    [
      'a token endpoint beside tokens without a signature',
      [...OIDC, '--kafka.properties.enable.sasl.oauthbearer.unsecure.jwt=true'],
      'sasl.oauthbearer.method=oidc and enable.sasl.oauthbearer.unsecure.jwt=true are mutually exclusive; keep one of them',
    ],
    [
      'a token endpoint for another mechanism',
      [...OIDC, '--kafka.sasl_mechanism=plain', ...SASL],
      'sasl.oauthbearer.method=oidc is set, but kafka.sasl_mechanism is plain; use oauthbearer',
    ],
    [
      'a token endpoint without client',
      [...OIDC, '--kafka.properties.sasl.oauthbearer.client.id='],
      '`sasl.oauthbearer.client.id` is mandatory when `sasl.oauthbearer.method=oidc` is set',
    ],
    [
      'a client of a token endpoint, but a token as it is',
      [
        ...OAUTH,
        '--kafka.sasl_oauthbearer_token=t',
        '--kafka.properties.sasl.oauthbearer.client.id=me',
      ],
      'sasl.oauthbearer.client.id is set, but sasl.oauthbearer.method is default; set it to oidc',
    ],
    [
      'authorities twice',
      [...SSL, '--kafka.ssl.ca_file=c', '--kafka.properties.ssl.ca.pem=c'],
      'kafka.ssl.ca_file and ssl.ca.pem are mutually exclusive; keep one of them',
    ],
    [
      'authorities of the token endpoint twice',
      ['--kafka.properties.https.ca.location=c', '--kafka.properties.https.ca.pem=c'],
      'https.ca.location and https.ca.pem are mutually exclusive; keep one of them',
    ],
    [
      'a certificate twice',
      [
        ...SSL,
        '--kafka.ssl.cert_file=c',
        '--kafka.properties.ssl.certificate.pem=c',
        '--kafka.ssl.key_file=k',
      ],
      'kafka.ssl.cert_file and ssl.certificate.pem are mutually exclusive; keep one of them',
    ],
    [
      'a certificate beside a keystore',
      [
        ...SSL,
        ...['--kafka.ssl.cert_file=c', '--kafka.ssl.key_file=k'],
        ...[
          '--kafka.properties.ssl.keystore.location=s',
          '--kafka.properties.ssl.keystore.password=p',
        ],
      ],
      'ssl.keystore.location and kafka.ssl.cert_file are mutually exclusive; keep one of them',
    ],
    [
      'a keystore without password',
      [...SSL, '--kafka.properties.ssl.keystore.location=s'],
      'ssl.keystore.location is set, but ssl.keystore.password is empty; set both or neither',
    ],
    [
      'a key without certificate, both in the configuration itself',
      [...SSL, '--kafka.properties.ssl.key.pem=k'],
      'ssl.key.pem is set, but ssl.certificate.pem is empty; set both or neither',
    ],
    [
      'certificates in the configuration itself without encryption',
      ['--kafka.properties.ssl.ca.pem=c'],
      'ssl.ca.pem is set, but kafka.security_protocol is plaintext, which does not encrypt; use ssl',
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
    [
      'an address copied from a browser',
      ['--kafka.brokers=http://kafka:9092'],
      'kafka.brokers has an address with a protocol that is none of Kafka; write host:port alone',
    ],
  ])('refuse %s', (_, argv, error) => {
    expect(errorsWithBroker({ argv })).toEqual([error])
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
    expect(errorsWithBroker({ argv })).toEqual([])
  })

  it('are not applied while one of their keys is wrong in itself', () => {
    expect(
      errorsOf({ argv: ['--kafka.brokers=k', '--http.port=x', '--http.metrics_port=x'] }),
    ).toHaveLength(2)
  })

  it('need no broker where kprf brings its own', () => {
    expect(errorsOf({ argv: ['--embedded-broker'] })).toEqual([])
  })
})

describe('the advice on user and password', () => {
  it.each([
    ['--kafka.user=u', 'kafka.user is set, but kafka.password is empty'],
    ['--kafka.password=hunter2', 'kafka.password is set, but kafka.user is empty'],
  ])('is given for %s alone, with which kprf connects without SASL', (flag, beginning) => {
    const { kafka, warnings } = loadWithBroker({ argv: [flag] })

    expect(kafka.securityProtocol).toBe('plaintext')
    expect(warnings).toEqual([
      `${beginning}; set both or neither: kprf connects to Kafka without user and password`,
    ])
  })

  it.each([[[]], [SASL], [SSL]])('is not given for %j', (argv) => {
    expect(loadWithBroker({ argv }).warnings).toEqual([])
  })
})

describe('the advice on rate limits', () => {
  const rules = '--ratelimit.rules=[{"topic_name":"t","max_requests_per_minute":1}]'

  it.each([
    [[rules], 'ratelimit.rules has rules, but ratelimit.enabled is false: no topic has a limit'],
    [
      ['--ratelimit.enabled=true'],
      'ratelimit.enabled is true, but ratelimit.rules is empty: no topic has a limit',
    ],
  ])('is given for %j, which has no effect', (argv, warning) => {
    expect(loadWithBroker({ argv }).warnings).toEqual([warning])
  })

  it.each([[[]], [[rules, '--ratelimit.enabled=true']]])('is not given for %j', (argv) => {
    expect(loadWithBroker({ argv }).warnings).toEqual([])
  })
})

describe('the advice on principals', () => {
  const token = `--http.auth.tokens=[{"principal":"shop","sha256":"${'a'.repeat(64)}"}]`
  const acl = (principal: string): string =>
    `--http.acl=[{"principals":["${principal}"],"topics":["*"],"allow":["produce"]}]`
  const quotas = '--http.quotas=[{"principals":["shpo"],"records_per_second":1}]'

  it.each([
    [[token, acl('shpo')], 'http.acl names the principal "shpo"'],
    [[token, acl('b-*')], 'http.acl names the principal "b-*"'],
    [[acl('shop')], 'http.acl names the principal "shop"'],
    [[token, quotas], 'http.quotas names the principal "shpo"'],
  ])('is given for %j: no client has that name', (argv, warning) => {
    expect(loadWithBroker({ argv }).warnings).toEqual([
      `${warning}, which no client can be: http.auth.tokens does not have it`,
    ])
  })

  it.each([
    [[token, acl('shop')]],
    [[token, acl('sh*')]],
    [[acl('anonymous')]],
    [['--http.auth.tokens_file=/tokens', acl('shpo')]],
  ])('is not given for %j: a client may have it', (argv) => {
    expect(loadWithBroker({ argv }).warnings).toEqual([])
  })
})

describe('the advice on the size of the queue', () => {
  it('is given if the largest record does not fit into it', () => {
    const { warnings } = loadWithBroker({ argv: ['--kafka.queue_buffering_max_kbytes=1023'] })

    expect(warnings).toEqual([
      'kafka.message_max_bytes is 1048576 and kafka.queue_buffering_max_kbytes is 1023: a record of more than 1047552 bytes never fits into the queue',
    ])
  })

  it('is not given if it just fits', () => {
    expect(loadWithBroker({ argv: ['--kafka.queue_buffering_max_kbytes=1024'] }).warnings).toEqual(
      [],
    )
  })
})

describe('the advice on compression.level', () => {
  it.each(COMPRESSION_CODECS)('is given for %s where the codec takes another level', (codec) => {
    for (const level of [-1, 0, 1, 9, 10, 12]) {
      const { warnings } = loadWithBroker({
        argv: [
          `--kafka.properties.compression.codec=${codec}`,
          `--kafka.properties.compression.level=${level}`,
        ],
      })
      const isLowered = effectiveLevel(codec, level) < level

      expect(warnings.length, `${level}`).toBe(isLowered ? 1 : 0)
    }
  })
})
