import { describe, expect, it } from 'vitest'
import { findProperty } from '../../src/config/properties/catalog.ts'
import { SECTIONS } from '../../src/config/names.ts'
import { SETTINGS } from '../../src/config/settings.ts'
import type { Config } from '../../src/config/types.ts'
import { load, loadWithBroker, errorsOf, errorsWithBroker } from './sources.ts'

const INT_MAX = 2147483647

/** key, default, smallest, largest, and where the loaded configuration has it. */
const NUMBERS: [string, number, number, number, (config: Config) => number][] = [
  ['kafka.message_max_bytes', 1048576, 1000, 1000000000, ({ kafka }) => kafka.messageMaxBytes],
  [
    'kafka.queue_buffering_max_messages',
    100000,
    0,
    INT_MAX,
    ({ kafka }) => kafka.queueBufferingMaxMessages,
  ],
  [
    'kafka.queue_buffering_max_kbytes',
    1048576,
    1,
    INT_MAX,
    ({ kafka }) => kafka.queueBufferingMaxKbytes,
  ],
  ['kafka.queue_memory_max_kbytes', 0, 0, INT_MAX, ({ kafka }) => kafka.queueMemoryMaxKbytes],
  ['kafka.queue_full_wait_ms', 100, 0, 900000, ({ kafka }) => kafka.queueFullWaitMs],
  ['kafka.retries', 3, 0, INT_MAX, ({ kafka }) => kafka.retries],
  ['kafka.message_timeout_ms', 2000, 0, INT_MAX, ({ kafka }) => kafka.messageTimeoutMs],
  ['kafka.request_timeout_ms', 30000, 1, 900000, ({ kafka }) => kafka.requestTimeoutMs],
  ['kafka.statistics_interval_ms', 0, 0, 86400000, ({ kafka }) => kafka.statisticsIntervalMs],
  [
    'kafka.topic_metadata_propagation_max_ms',
    800,
    0,
    3600000,
    ({ kafka }) => kafka.topicMetadataPropagationMaxMs,
  ],
  ['kafka.max_unknown_topics', 1000, 1, 1000000, ({ kafka }) => kafka.maxUnknownTopics],
  [
    'kafka.max_topic_creations_per_minute',
    60,
    0,
    INT_MAX,
    ({ kafka }) => kafka.maxTopicCreationsPerMinute,
  ],
  ['http.port', 4242, 0, 65535, ({ http }) => http.port],
  ['http.metrics_port', 8088, 0, 65535, ({ http }) => http.metricsPort],
  ['http.max_body_bytes', 10485760, 1024, 536870888, ({ http }) => http.maxBodyBytes],
  ['http.max_compression_ratio', 100, 0, 1000000, ({ http }) => http.maxCompressionRatio],
  ['http.max_records_per_request', 12000, 1, 1000000, ({ http }) => http.maxRecordsPerRequest],
  ['http.max_topics_per_request', 1000, 1, 1000000, ({ http }) => http.maxTopicsPerRequest],
  ['http.head_timeout_ms', 10000, 100, 3600000, ({ http }) => http.headTimeoutMs],
  ['http.body_timeout_ms', 30000, 100, 3600000, ({ http }) => http.bodyTimeoutMs],
  ['http.keep_alive_timeout_ms', 65000, 1000, 86400000, ({ http }) => http.keepAliveTimeoutMs],
  [
    'http.max_requests_per_connection',
    10000,
    0,
    1000000000,
    ({ http }) => http.maxRequestsPerConnection,
  ],
  ['http.max_connections', 10000, 1, 1000000, ({ http }) => http.maxConnections],
  ['http.max_connections_per_address', 0, 0, 1000000, ({ http }) => http.maxConnectionsPerAddress],
  ['http.idempotency.window_ms', 600000, 1000, 86400000, ({ http }) => http.idempotency.windowMs],
  ['http.idempotency.max_keys', 100000, 0, 10000000, ({ http }) => http.idempotency.maxKeys],
  ['http.cors.max_age_s', 600, 0, 86400, ({ http }) => http.cors.maxAgeS],
  ['http.auth.jwt.clock_skew_ms', 30000, 0, 600000, ({ http }) => http.auth.jwt.clockSkewMs],
  ['wal.sync_interval_ms', 1000, 1, 60000, ({ wal }) => wal.syncIntervalMs],
  ['wal.segment_bytes', 67108864, 1048576, 1073741824, ({ wal }) => wal.segmentBytes],
  ['wal.max_bytes', 1073741824, 2097152, 2 ** 50, ({ wal }) => wal.maxBytes],
  ['wal.min_free_bytes', 67108864, 0, 2 ** 50, ({ wal }) => wal.minFreeBytes],
  ['wal.retention_ms', 86400000, 0, 31536000000, ({ wal }) => wal.retentionMs],
  ['shutdown.timeout_ms', 20000, 0, 3600000, ({ shutdown }) => shutdown.timeoutMs],
  ['shutdown.drain_delay_ms', 0, 0, 600000, ({ shutdown }) => shutdown.drainDelayMs],
]

/** key, default, words, and where the loaded configuration has it. */
const CHOICES: [string, string, string[], (config: Config) => string][] = [
  [
    'kafka.partitioner',
    'consistent_random',
    [
      'consistent',
      'consistent_random',
      'murmur2',
      'murmur2_random',
      'fnv1a',
      'fnv1a_random',
      'random',
    ],
    ({ kafka }) => kafka.partitioner,
  ],
  ['http.unknown_fields', 'ignore', ['ignore', 'reject'], ({ http }) => http.unknownFields],
  [
    'http.invalid_records',
    'refuse_request',
    ['refuse_request', 'refuse_record'],
    ({ http }) => http.invalidRecords,
  ],
  ['http.replies', 'readme', ['readme', 'rust'], ({ http }) => http.replies],
  [
    'http.idempotency.unknown_outcome',
    'replay',
    ['replay', 'produce'],
    ({ http }) => http.idempotency.unknownOutcome,
  ],
  [
    'http.auth.client_certificates.principal_from',
    'none',
    ['none', 'cn', 'san_dns', 'san_uri'],
    ({ http }) => http.auth.clientCertificates.principalFrom,
  ],
  ['http.auth.anonymous', 'auto', ['auto', 'allow', 'deny'], ({ http }) => http.auth.anonymous],
  [
    'http.tls.client_auth',
    'none',
    ['none', 'request', 'require'],
    ({ http }) => http.tls.clientAuth,
  ],
  ['http.tls.min_version', 'tlsv1.2', ['tlsv1.2', 'tlsv1.3'], ({ http }) => http.tls.minVersion],
  [
    'http.metrics_tls.client_auth',
    'none',
    ['none', 'request', 'require'],
    ({ http }) => http.metricsTls.clientAuth,
  ],
  [
    'http.metrics_tls.min_version',
    'tlsv1.2',
    ['tlsv1.2', 'tlsv1.3'],
    ({ http }) => http.metricsTls.minVersion,
  ],
  ['wal.sync', 'always', ['always', 'interval', 'os'], ({ wal }) => wal.sync],
  ['log_level', 'info', ['error', 'warn', 'info', 'debug'], ({ logLevel }) => logLevel],
  ['log_format', 'auto', ['auto', 'json', 'pretty'], ({ logFormat }) => logFormat],
]

/** key, default, whether it may be empty, and where the loaded configuration has it. */
const TEXTS: [string, string, boolean, (config: Config) => string][] = [
  ['kafka.client_id', 'kprf', false, ({ kafka }) => kafka.clientId],
  ['kafka.user', '', true, ({ kafka }) => kafka.user],
  ['kafka.password', '', true, ({ kafka }) => kafka.password],
  ['kafka.ssl.ca_file', '', true, ({ kafka }) => kafka.ssl.caFile],
  ['kafka.ssl.cert_file', '', true, ({ kafka }) => kafka.ssl.certFile],
  ['kafka.ssl.key_file', '', true, ({ kafka }) => kafka.ssl.keyFile],
  ['kafka.ssl.key_password', '', true, ({ kafka }) => kafka.ssl.keyPassword],
  ['http.auth.tokens_file', '', true, ({ http }) => http.auth.tokensFile],
  ['http.tls.cert_file', '', true, ({ http }) => http.tls.certFile],
  ['http.tls.key_file', '', true, ({ http }) => http.tls.keyFile],
  ['http.tls.key_password', '', true, ({ http }) => http.tls.keyPassword],
  ['http.tls.client_ca_file', '', true, ({ http }) => http.tls.clientCaFile],
  ['http.metrics_tls.cert_file', '', true, ({ http }) => http.metricsTls.certFile],
  ['http.metrics_tls.key_file', '', true, ({ http }) => http.metricsTls.keyFile],
  ['http.metrics_tls.key_password', '', true, ({ http }) => http.metricsTls.keyPassword],
  ['http.metrics_tls.client_ca_file', '', true, ({ http }) => http.metricsTls.clientCaFile],
  ['http.auth.jwt.principal_claim', 'sub', false, ({ http }) => http.auth.jwt.principalClaim],
  ['wal.dir', '/var/lib/kprf/wal', false, ({ wal }) => wal.dir],
  ['wal.dead_letters.topic', '', true, ({ wal }) => wal.deadLetters.topic],
  ['output_file', '/dev/stdout', false, ({ outputFile }) => outputFile],
]

/** key, and where the loaded configuration has it; all are false by default. */
const SWITCHES: [string, (config: Config) => boolean][] = [
  ['http.allow_old_timestamps', ({ http }) => http.allowOldTimestamps],
  ['http.propagate_trace', ({ http }) => http.propagateTrace],
  ['kafka.enable_idempotence', ({ kafka }) => kafka.enableIdempotence],
  ['wal.enabled', ({ wal }) => wal.enabled],
  ['ratelimit.enabled', ({ ratelimit }) => ratelimit.enabled],
]

const OTHERS = [
  'http.fast_path',
  'http.acl',
  'http.auth.jwt.algorithms',
  'http.auth.jwt.audience',
  'http.auth.jwt.issuer',
  'http.auth.jwt.jwks_file',
  'http.auth.jwt.jwks_url',
  'http.auth.tokens',
  'http.raw.forward_headers',
  'http.rest.fail_request_when_all_fail',
  'http.cors.allow_headers',
  'http.cors.origins',
  'http.host',
  'http.hosts',
  'http.metrics_auth.tokens',
  'http.otlp_endpoint',
  'http.proxy_protocol',
  'http.quotas',
  'http.topics.allow',
  'http.trusted_proxies',
  'http.webhooks',
  'kafka.brokers',
  'kafka.queue_buffering_max_ms',
  'kafka.request_required_acks',
  'kafka.sasl_mechanism',
  'kafka.sasl_oauthbearer_token',
  'kafka.security_protocol',
  'ratelimit.rules',
  'workers',
]

/** So that no other key contradicts the text under test. */
const EVERY_TEXT = [
  '--kafka.user=u',
  '--kafka.password=p',
  '--kafka.security_protocol=sasl_ssl',
  '--kafka.ssl.ca_file=ca',
  '--kafka.ssl.cert_file=cert',
  '--kafka.ssl.key_file=key',
  '--kafka.ssl.key_password=secret',
  ...['tls', 'metrics_tls'].flatMap((port) => [
    `--http.${port}.cert_file=cert`,
    `--http.${port}.key_file=key`,
    `--http.${port}.client_ca_file=ca`,
    `--http.${port}.client_auth=require`,
  ]),
]

/** YAML for one key. */
function yaml(key: string, value: string): string {
  return `${key.replaceAll('.', ': { ')}: ${value} ${'}'.repeat(key.split('.').length - 1)}`
}

describe('the schema', () => {
  it('has no key that the tables below leave out', () => {
    const tested = [...NUMBERS, ...CHOICES, ...TEXTS, ...SWITCHES].map(([key]) => key)

    expect(SETTINGS.map(({ key }) => key).sort()).toEqual([...tested, ...OTHERS].sort())
  })

  it('gives each key a meaning, and a variable and spelling of its own', () => {
    const variables = SETTINGS.map(({ variable }) => variable)

    expect(new Set(variables).size).toBe(SETTINGS.length)
    for (const { doc } of SETTINGS) expect(doc).toMatch(/^\S.*\.$/)
    for (const { key } of SETTINGS) expect(key).toMatch(/^[a-z_]+(\.[a-z_]+)*$/)
  })

  it('has defaults that may be written', () => {
    const wrong = SETTINGS.filter(({ kind, default: value }) => !kind.accepts(value))

    expect(wrong.map(({ key }) => key)).toEqual([])
  })

  it('has its keys in these sections', () => {
    expect([...SECTIONS]).toEqual([
      'kafka',
      'kafka.ssl',
      'http',
      'http.idempotency',
      'http.auth',
      'http.auth.client_certificates',
      'http.auth.jwt',
      'http.metrics_auth',
      'http.tls',
      'http.metrics_tls',
      'http.topics',
      'http.cors',
      'http.rest',
      'http.raw',
      'ratelimit',
      'wal',
      'wal.dead_letters',
      'shutdown',
      'kafka.properties',
    ])
  })
})

describe.each(NUMBERS)('%s', (key, byDefault, min, max, read) => {
  it(`is ${byDefault} by default`, () => {
    expect(read(loadWithBroker({}))).toBe(byDefault)
  })

  it.each([[min], [max]])('can be %d', (value) => {
    const argv = ['--kafka.message_timeout_ms=0', `--${key}=${value}`]

    expect(read(loadWithBroker({ argv }))).toBe(value)
  })

  it.each([[min - 1], [max + 1]])('cannot be %d', (value) => {
    const row = SETTINGS.find((setting) => setting.key === key)
    const property = findProperty(row?.property?.names[0] ?? '')?.usualName
    const message =
      property === undefined
        ? `must be a whole number from ${min} to ${max}, not ${value}`
        : `Configuration property "${property}" value ${value} is outside allowed range ${min}..${max}`

    expect(errorsWithBroker({ argv: [`--${key}=${value}`] })).toEqual([
      `${key}: ${message} (--${key})`,
    ])
  })

  it.each([['x'], ['1x'], ['1.5'], ['1e3'], ['0x10'], [' 1'], ['']])(
    'cannot be the text %j',
    (value) => {
      expect(errorsWithBroker({ argv: [`--${key}=${value}`] })).toEqual([
        `${key}: must be a whole number from ${min} to ${max} (--${key})`,
      ])
    },
  )

  it.each([['1000.5'], ['true'], ['[1000]'], ['.nan'], ['"x"']])(
    'cannot be the YAML %s',
    (value) => {
      expect(errorsWithBroker({ file: yaml(key, value) })).toEqual([
        `${key}: must be a whole number from ${min} to ${max} (kprf.yaml:1)`,
      ])
    },
  )

  it('can be quoted in YAML', () => {
    expect(read(loadWithBroker({ file: yaml(key, `"${byDefault}"`) }))).toBe(byDefault)
  })
})

describe.each(CHOICES)('%s', (key, byDefault, words, read) => {
  it(`is ${byDefault} by default`, () => {
    expect(read(loadWithBroker({}))).toBe(byDefault)
  })

  it.each(words)('can be %s, in upper case too', (word) => {
    const others =
      word === byDefault ? [] : EVERY_TEXT.filter((flag) => !flag.startsWith(`--${key}=`))

    expect(read(loadWithBroker({ argv: [...others, `--${key}=${word}`] }))).toBe(word)
    const file = yaml(key, word.toUpperCase())
    expect(read(loadWithBroker({ argv: others, file }))).toBe(word)
  })

  it('cannot be another word', () => {
    const allowed = `must be one of ${words.join(', ')}`

    expect(errorsWithBroker({ argv: [`--${key}=gssapi`] })).toEqual([
      `${key}: ${allowed} (--${key})`,
    ])
    expect(errorsWithBroker({ file: yaml(key, '0') })).toEqual([`${key}: ${allowed} (kprf.yaml:1)`])
  })
})

describe.each(TEXTS)('%s', (key, byDefault, canBeEmpty, read) => {
  it(`is ${JSON.stringify(byDefault)} by default`, () => {
    expect(read(loadWithBroker({}))).toBe(byDefault)
  })

  it.each([['x'], [' 5 '], ['0123'], ['a,b=c'], ['true']])('can be %j, as it is', (value) => {
    const argv = [...EVERY_TEXT, `--${key}=${value}`]

    expect(read(loadWithBroker({ argv }))).toBe(value)
  })

  it(`${canBeEmpty ? 'can' : 'cannot'} be empty`, () => {
    const errors = errorsWithBroker({ argv: [`--${key}=`] })

    expect(errors).toEqual(canBeEmpty ? [] : [`${key}: must be non-empty text (--${key})`])
  })

  it('cannot be a list', () => {
    const allowed = canBeEmpty ? 'text' : 'non-empty text'

    expect(errorsWithBroker({ file: yaml(key, '[a]') })).toEqual([
      `${key}: must be ${allowed} (kprf.yaml:1)`,
    ])
  })

  it('cannot be an alias of a number', () => {
    const allowed = canBeEmpty ? 'text' : 'non-empty text'
    const file = `shutdown: { timeout_ms: &number 5 }\n${yaml(key, '*number')}`

    expect(errorsWithBroker({ file })).toEqual([
      `${key}: must be ${allowed}; put it in quotes (kprf.yaml:2)`,
    ])
  })
})

describe('kafka.queue_buffering_max_ms', () => {
  it('is 10 by default', () => {
    expect(loadWithBroker({}).kafka.queueBufferingMaxMs).toBe(10)
  })

  it.each([['0'], ['0.5'], ['900000']])('can be %s', (value) => {
    const argv = ['--kafka.message_timeout_ms=0', `--kafka.queue_buffering_max_ms=${value}`]

    expect(loadWithBroker({ argv }).kafka.queueBufferingMaxMs).toBe(Number(value))
  })

  it.each([['-1'], ['900000.5']])('cannot be %s', (value) => {
    expect(errorsWithBroker({ argv: [`--kafka.queue_buffering_max_ms=${value}`] })).toEqual([
      `kafka.queue_buffering_max_ms: Configuration property "queue.buffering.max.ms" value ${value} is outside allowed range 0..900000 (--kafka.queue_buffering_max_ms)`,
    ])
  })

  it.each([['x'], [''], ['1e3'], ['.5']])('cannot be the text %j', (value) => {
    expect(errorsWithBroker({ argv: [`--kafka.queue_buffering_max_ms=${value}`] })).toEqual([
      `kafka.queue_buffering_max_ms: must be a number from 0 to 900000 (--kafka.queue_buffering_max_ms)`,
    ])
  })
})

describe('http.host', () => {
  it('is every IPv4 interface by default', () => {
    expect(loadWithBroker({}).http.host).toBe('0.0.0.0')
  })

  it.each([['::'], ['::1'], ['fe80::1%eth0'], ['127.0.0.1'], ['localhost'], ['a_b.c-d.example']])(
    'can be %s',
    (value) => {
      expect(loadWithBroker({ argv: [`--http.host=${value}`] }).http.host).toBe(value)
    },
  )

  it.each([
    ['127.0.0.1:80'],
    ['localhost:80'],
    [':80'],
    ['[::1]'],
    ['[::1]:80'],
    ['http://localhost'],
    ['*'],
    ['a b'],
    ['localhost '],
  ])('cannot be %j', (value) => {
    expect(errorsWithBroker({ argv: [`--http.host=${value}`] })).toEqual([
      'http.host: must be a host name or an IP address; it has no port, which is a key of its own, no scheme, and no brackets (--http.host)',
    ])
  })

  it('cannot be empty', () => {
    expect(errorsWithBroker({ argv: ['--http.host='] })).toEqual([
      'http.host: must be a host name or an IP address (--http.host)',
    ])
  })
})

describe('kafka.request_required_acks', () => {
  it('is -1 by default', () => {
    expect(loadWithBroker({}).kafka.requestRequiredAcks).toBe(-1)
  })

  it.each([
    ['all', -1],
    ['ALL', -1],
    ['-1', -1],
    ['0', 0],
    ['1', 1],
  ])('can be %s, wherever and under whichever name it is set', (value, acks) => {
    const written = [
      { file: yaml('kafka.request_required_acks', value) },
      { file: yaml('kafka.request_required_acks', `"${value}"`) },
      { env: { KPRF_KAFKA_REQUEST_REQUIRED_ACKS: value } },
      { argv: [`--kafka.request_required_acks=${value}`] },
      ...['acks', 'request.required.acks'].flatMap((name) => [
        { file: `kafka: { properties: { ${name}: ${value} } }` },
        { file: `kafka: { properties: "${name}=${value}" }` },
        { env: { [`KPRF_KAFKA_PROPERTIES_${name.toUpperCase().replaceAll('.', '_')}`]: value } },
        { argv: [`--kafka.properties.${name}=${value}`] },
      ]),
    ]
    const loaded = written.map((options) => loadWithBroker(options).kafka.requestRequiredAcks)

    expect(loaded).toEqual(written.map(() => acks))
  })

  it.each([['2'], ['-2'], ['1000'], ['0.5'], ['none'], ['true'], ['""'], ['[1]']])(
    'cannot be %s, which brokers refuse',
    (value) => {
      expect(errorsWithBroker({ file: yaml('kafka.request_required_acks', value) })).toEqual([
        'kafka.request_required_acks: must be all (or -1), 1 or 0 (kprf.yaml:1)',
      ])
    },
  )

  it.each([['2'], ['1000']])('cannot be %s under the names of librdkafka', (value) => {
    expect(errorsWithBroker({ argv: [`--kafka.properties.acks=${value}`] })).toEqual([
      `kafka.properties.acks: ${value} is not supported: brokers refuse it; use all (-1), 1 or 0 (--kafka.properties.acks)`,
    ])
  })
})

describe('kafka.sasl_mechanism', () => {
  it('is plain by default', () => {
    expect(loadWithBroker({}).kafka.saslMechanism).toBe('plain')
  })

  it.each([['plain'], ['SCRAM-SHA-256'], ['Scram-Sha-512']])('can be %s', (mechanism) => {
    const argv = ['--kafka.user=u', '--kafka.password=p', `--kafka.sasl_mechanism=${mechanism}`]

    expect(loadWithBroker({ argv }).kafka.saslMechanism).toBe(mechanism.toLowerCase())
  })

  it('can be oauthbearer, with a token', () => {
    const argv = ['--kafka.security_protocol=sasl_ssl', '--kafka.sasl_mechanism=OAUTHBEARER']
    const env = { KPRF_KAFKA_SASL_OAUTHBEARER_TOKEN_FILE: '/token' }

    expect(loadWithBroker({ argv, env, files: { '/token': 'abc\n' } }).kafka).toMatchObject({
      saslMechanism: 'oauthbearer',
      saslOauthbearerToken: 'abc',
    })
  })

  it('cannot be another word', () => {
    expect(errorsWithBroker({ argv: ['--kafka.sasl_mechanism=gssapi'] })).toEqual([
      'kafka.sasl_mechanism: must be one of plain, scram-sha-256, scram-sha-512, oauthbearer (--kafka.sasl_mechanism)',
    ])
  })
})

describe('kafka.brokers', () => {
  it.each([
    ['kafka: { brokers: [a, "b:1"] }', ['a:9092', 'b:1']],
    ['kafka: { brokers: "a,b:1" }', ['a:9092', 'b:1']],
    ['kafka: { brokers: ["a,b:1", "::1"] }', ['a:9092', 'b:1', '[::1]:9092']],
    ['kafka: { brokers: [a, "a:9092"] }', ['a:9092']],
  ])('can be the YAML %s', (file, brokers) => {
    expect(load({ file }).kafka.brokers).toEqual(brokers)
  })

  it.each([
    ['5', ''],
    ['[5]', ''],
    ['[a, "b:x"]', '; address 2 is not valid'],
    ['user:pass@b', '; address 1 is not valid'],
    ['false', ''],
    ['{ a: 1 }', ', not a mapping'],
  ])('cannot be the YAML %s', (value, message) => {
    const allowed = 'must be a list of host or host:port, IPv6 hosts in brackets'

    expect(errorsOf({ file: `kafka: { brokers: ${value} }` })).toEqual([
      `kafka.brokers: ${allowed}${message} (kprf.yaml:1)`,
    ])
  })

  it.each([
    [''],
    ['kafka: { brokers: [] }'],
    ['kafka: { brokers: "" }'],
    ['kafka: { brokers: [","] }'],
  ])('cannot be empty, as in %j', (file) => {
    const [error, ...others] = errorsOf({ file })

    expect(error).toMatch(/^kafka\.brokers is empty; name at least one broker: /)
    expect(others).toEqual([])
  })
})

describe('kafka.security_protocol', () => {
  it('is plaintext by default, and sasl_plaintext with a user', () => {
    const argv = ['--kafka.user=u', '--kafka.password=p']

    expect(loadWithBroker({}).kafka.securityProtocol).toBe('plaintext')
    expect(loadWithBroker({ argv }).kafka.securityProtocol).toBe('sasl_plaintext')
  })

  it.each([
    ['plaintext', ''],
    ['ssl', ''],
    ['SASL_PLAINTEXT', 'u'],
    ['Sasl_Ssl', 'u'],
  ])('can be %s', (protocol, user) => {
    const credentials = [`--kafka.user=${user}`, `--kafka.password=${user}`]
    const argv = [`--kafka.security_protocol=${protocol}`, ...credentials]

    expect(loadWithBroker({ argv }).kafka.securityProtocol).toBe(protocol.toLowerCase())
  })

  it('cannot be another word', () => {
    expect(errorsWithBroker({ argv: ['--kafka.security_protocol=tls'] })).toEqual([
      'kafka.security_protocol: must be one of plaintext, ssl, sasl_plaintext, sasl_ssl (--kafka.security_protocol)',
    ])
  })
})

describe.each(SWITCHES)('%s', (key, valueOf) => {
  it('is false by default', () => {
    expect(valueOf(loadWithBroker({}))).toBe(false)
  })

  it.each([
    ['true', true],
    ['True', true],
    ['false', false],
  ])('can be %s', (value, isOn) => {
    expect(valueOf(loadWithBroker({ argv: [`--${key}=${value}`] }))).toBe(isOn)
    expect(valueOf(loadWithBroker({ file: yaml(key, value) }))).toBe(isOn)
  })

  it.each([['yes'], ['1'], ['0'], ['""']])('cannot be %s', (value) => {
    expect(errorsWithBroker({ file: yaml(key, value) })).toEqual([
      `${key}: must be true or false (kprf.yaml:1)`,
    ])
  })
})

describe('ratelimit.rules', () => {
  const refused = 'ratelimit.rules: must be a list of {topic_name, max_requests_per_minute}; '

  it('is empty by default', () => {
    expect(loadWithBroker({}).ratelimit.rules).toEqual([])
  })

  it.each([[0], [2147483647]])('takes the limit %d', (limit) => {
    const file = `ratelimit: { rules: [{ topic_name: t, max_requests_per_minute: ${limit} }] }`

    expect(loadWithBroker({ file }).ratelimit.rules).toEqual([
      { topicName: 't', maxRequestsPerMinute: limit },
    ])
  })

  it('takes JSON in a flag', () => {
    const rules = [
      { topic_name: 'a'.repeat(249), max_requests_per_minute: 1 },
      { topic_name: 'a.b_C-9', max_requests_per_minute: 2 },
    ]
    const argv = [`--ratelimit.rules=${JSON.stringify(rules)}`]

    expect(loadWithBroker({ argv }).ratelimit.rules).toEqual([
      { topicName: 'a'.repeat(249), maxRequestsPerMinute: 1 },
      { topicName: 'a.b_C-9', maxRequestsPerMinute: 2 },
    ])
  })

  const limitRange = 'a whole number from 0 to 2147483647'

  it.each([
    ['x', 'the text is not JSON'],
    ['5', 'it is not a list'],
    ['[5]', 'rules[0] is not a mapping'],
    ['[null]', 'rules[0] is not a mapping'],
    ['[[]]', 'rules[0] is not a mapping'],
    ['[{}]', 'rules[0].topic_name must be the name of a topic'],
    ['[{"topic_name":".."}]', 'rules[0].topic_name must be the name of a topic'],
    ['[{"topic_name":"a b"}]', 'rules[0].topic_name must be the name of a topic'],
    [`[{"topic_name":"${'a'.repeat(250)}"}]`, 'rules[0].topic_name must be the name of a topic'],
    ['[{"topic_name":"a"}]', `rules[0].max_requests_per_minute must be ${limitRange}`],
    [
      '[{"topic_name":"a","max_requests_per_minute":-1}]',
      `rules[0].max_requests_per_minute must be ${limitRange}`,
    ],
    [
      '[{"topic_name":"a","max_requests_per_minute":2147483648}]',
      `rules[0].max_requests_per_minute must be ${limitRange}`,
    ],
    [
      '[{"topic_name":"a","max_requests_per_minute":"1"}]',
      `rules[0].max_requests_per_minute must be ${limitRange}`,
    ],
    [
      '[{"topic_name":"a","max_requests_per_minute":1},{"topic_name":"a","max_requests_per_minute":2}]',
      'rules[1].topic_name repeats that of an earlier one',
    ],
    ['[{"topic":"a"}]', 'rules[0] has an unknown field'],
    ['[{"topic_nam":"a"}]', 'rules[0] has an unknown field, did you mean topic_name?'],
  ])('cannot be %s', (value, message) => {
    expect(errorsWithBroker({ argv: [`--ratelimit.rules=${value}`] })).toEqual([
      `${refused}${message} (--ratelimit.rules)`,
    ])
  })
})

describe('workers', () => {
  it('is 1 by default', () => {
    expect(loadWithBroker({}).workers).toBe(1)
  })

  it.each([
    ['1', 1],
    ['64', 64],
    ['auto', 'auto'],
  ])('can be %s', (text, workers) => {
    expect(loadWithBroker({ argv: [`--workers=${text}`] }).workers).toBe(workers)
  })

  it.each([
    ['0', ', not 0'],
    ['65', ', not 65'],
    ['many', ''],
    ['1.5', ''],
  ])('cannot be %s', (text, shown) => {
    expect(errorsWithBroker({ argv: [`--workers=${text}`] })).toEqual([
      `workers: must be a whole number from 1 to 64, or auto${shown} (--workers)`,
    ])
  })
})
