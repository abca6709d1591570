import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { producerSettings, transportSettings } from '../../src/settings/kafka.ts'
import { load } from '../config/sources.ts'
import { createAuthority } from '../support/certificates.ts'

const directories: string[] = []

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

function file(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'kprf-'))
  directories.push(directory)
  const path = join(directory, 'file.pem')
  writeFileSync(path, text)
  return path
}

const config = (...argv: readonly string[]) => load({ argv: ['--kafka.brokers=a:1,b', ...argv] })

const OAUTH = ['--kafka.security_protocol=sasl_ssl', '--kafka.sasl_mechanism=oauthbearer']

const withProperties = (
  properties: Readonly<Record<string, string | number | boolean>>,
  argv: readonly string[] = [],
) =>
  config(
    ...argv,
    ...Object.entries(properties).map(([name, value]) => `--kafka.properties.${name}=${value}`),
  )

describe('producerSettings', () => {
  it('turns idempotence on', () => {
    const { enableIdempotence } = producerSettings(config('--kafka.enable_idempotence=true'))

    expect(enableIdempotence).toBe(true)
  })

  it('passes every key of the queue on', () => {
    expect(
      producerSettings(
        config(
          '--kafka.message_max_bytes=1001',
          '--kafka.queue_buffering_max_messages=1002',
          '--kafka.queue_buffering_max_kbytes=1003',
          '--kafka.queue_buffering_max_ms=14',
          '--kafka.queue_memory_max_kbytes=20000',
          '--kafka.partitioner=murmur2',
          '--kafka.retries=1006',
          '--kafka.request_timeout_ms=1008',
          '--kafka.request_required_acks=1',
          '--kafka.topic_metadata_propagation_max_ms=1009',
          '--kafka.max_unknown_topics=1010',
          '--kafka.max_topic_creations_per_minute=1011',
        ),
      ),
    ).toEqual({
      messageMaxBytes: 1001,
      queueBufferingMaxMessages: 1002,
      queueBufferingMaxKbytes: 1003,
      lingerMs: 14,
      stickyPartitioningLingerMs: 28,
      queueMemoryMaxBytes: 20_000 * 1024,
      partitioner: 'murmur2',
      retries: 1006,
      requestTimeoutMs: 1008,
      requiredAcks: 1,
      enableIdempotence: false,
      topicMetadataPropagationMaxMs: 1009,
      mayCreateTopics: true,
      maxUnknownTopics: 1010,
      maxTopicCreationsPerMinute: 1011,
      batchNumMessages: 10_000,
      batchSizeBytes: 1_000_000,
      compressionCodec: 'none',
      compressionLevel: -1,
      retryBackoffMs: 100,
      retryBackoffMaxMs: 1_000,
      socketTimeoutMs: 60_000,
      maxInFlight: 5,
      topicMetadataRefreshIntervalMs: 300_000,
      topicMetadataRefreshFastIntervalMs: 100,
      metadataMaxAgeMs: 900_000,
    })
  })

  it('passes every property of the queue on', () => {
    expect(
      producerSettings(
        withProperties({
          'batch.num.messages': 11,
          'batch.size': 12,
          'compression.codec': 'zstd',
          'compression.level': 7,
          'sticky.partitioning.linger.ms': 13,
          'retry.backoff.ms': 14,
          'retry.backoff.max.ms': 15,
          'max.in.flight': 16,
          'socket.timeout.ms': 17,
          'topic.metadata.refresh.interval.ms': 18,
          'topic.metadata.refresh.fast.interval.ms': 19,
          'metadata.max.age.ms': 20,
          'allow.auto.create.topics': false,
        }),
      ),
    ).toMatchObject({
      mayCreateTopics: false,
      batchNumMessages: 11,
      batchSizeBytes: 12,
      compressionCodec: 'zstd',
      compressionLevel: 7,
      stickyPartitioningLingerMs: 13,
      retryBackoffMs: 14,
      retryBackoffMaxMs: 15,
      maxInFlight: 16,
      socketTimeoutMs: 17,
      topicMetadataRefreshIntervalMs: 18,
      topicMetadataRefreshFastIntervalMs: 19,
      metadataMaxAgeMs: 20,
    })
  })

  it('divides the bounds on topics among workers, each of which may have one', () => {
    const shared = config(
      '--kafka.max_unknown_topics=10',
      '--kafka.max_topic_creations_per_minute=30',
    )

    expect(producerSettings(shared, 4)).toMatchObject({
      maxUnknownTopics: 3,
      maxTopicCreationsPerMinute: 7.5,
    })
    expect(producerSettings(shared, 64).maxUnknownTopics).toBe(1)
  })

  it('derives what is not set from what is', () => {
    const derived = producerSettings(
      withProperties({
        'linger.ms': 4,
        'retry.backoff.ms': 5,
        'topic.metadata.refresh.interval.ms': 6,
      }),
    )

    expect(derived).toMatchObject({
      stickyPartitioningLingerMs: 8,
      topicMetadataRefreshFastIntervalMs: 5,
      metadataMaxAgeMs: 18,
    })
  })

  it('knows that topics are not to be asked about at intervals', () => {
    expect(
      producerSettings(withProperties({ 'topic.metadata.refresh.interval.ms': -1 })),
    ).toMatchObject({
      topicMetadataRefreshIntervalMs: Infinity,
      metadataMaxAgeMs: 900_000,
    })
  })
})

describe('transportSettings', () => {
  it('pass every property of connections on', () => {
    expect(
      transportSettings(
        withProperties({
          'socket.connection.setup.timeout.ms': 1001,
          'socket.timeout.ms': 12,
          'socket.keepalive.enable': false,
          'socket.nagle.disable': false,
          'broker.address.family': 'v6',
          'connections.max.idle.ms': 13,
          'receive.message.max.bytes': 1002,
          'reconnect.backoff.ms': 14,
          'reconnect.backoff.max.ms': 15,
        }),
      ),
    ).toMatchObject({
      connectTimeoutMs: 1001,
      socketTimeoutMs: 12,
      socket: { family: 'v6', keepAlive: false, noDelay: false },
      maxIdleMs: 13,
      maxAnswerBytes: 1002,
      reconnectBackoffMs: 14,
      reconnectBackoffMaxMs: 15,
    })
  })

  it.each([
    [100, 1000],
    [5000, 5000],
  ])('wait before a broker is tried again for %d ms, up to %d', (firstMs, longestMs) => {
    expect(transportSettings(withProperties({ 'reconnect.backoff.ms': firstMs }))).toMatchObject({
      reconnectBackoffMs: firstMs,
      reconnectBackoffMaxMs: longestMs,
    })
  })

  it('are plain text without a user', () => {
    expect(transportSettings(config('--kafka.client_id=me'))).toMatchObject({
      brokers: ['a:1', 'b:9092'],
      clientId: 'me',
      ssl: undefined,
      sasl: undefined,
      isDebugLogged: false,
    })
  })

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])(
    'turn SASL on with a user (%s)',
    (mechanism) => {
      const flags = ['--kafka.user=u', '--kafka.password=p', `--kafka.sasl_mechanism=${mechanism}`]

      expect(transportSettings(config(...flags))).toMatchObject({
        ssl: undefined,
        sasl: { mechanism, username: 'u', password: 'p' },
      })
    },
  )

  it('use what Node trusts when TLS is on without files', () => {
    expect(transportSettings(config('--kafka.security_protocol=ssl')).ssl).toEqual({})
  })

  it('read the files of TLS', () => {
    const authority = createAuthority()
    const { cert, key } = authority.issue('client')
    const cipher = {
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'secret',
    } as const
    const encrypted = createPrivateKey(key).export(cipher)
    const { ssl, sasl } = transportSettings(
      config(
        '--kafka.security_protocol=sasl_ssl',
        '--kafka.user=u',
        '--kafka.password=p',
        `--kafka.ssl.ca_file=${file(authority.cert)}`,
        `--kafka.ssl.cert_file=${file(cert)}`,
        `--kafka.ssl.key_file=${file(encrypted)}`,
        '--kafka.ssl.key_password=secret',
      ),
    )

    expect(ssl).toEqual({
      ca: [authority.cert.trim()],
      cert,
      key: encrypted,
      passphrase: 'secret',
    })
    expect(sasl).toBeDefined()
  })

  it('take what is in the properties themselves, and how TLS is to be', () => {
    const authority = createAuthority()
    const { cert, key } = authority.issue('client')
    const { ssl } = transportSettings(
      load({
        argv: ['--kafka.brokers=a', '--kafka.security_protocol=ssl'],
        env: {
          KPRF_KAFKA_PROPERTIES_SSL_CA_PEM: authority.cert,
          KPRF_KAFKA_PROPERTIES_SSL_CERTIFICATE_PEM: cert,
          KPRF_KAFKA_PROPERTIES_SSL_KEY_PEM: key,
          KPRF_KAFKA_PROPERTIES_SSL_CIPHER_SUITES: 'TLS_AES_128_GCM_SHA256',
          KPRF_KAFKA_PROPERTIES_SSL_CURVES_LIST: 'P-256',
          KPRF_KAFKA_PROPERTIES_SSL_SIGALGS_LIST: 'ECDSA+SHA256',
          KPRF_KAFKA_PROPERTIES_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: 'none',
          KPRF_KAFKA_PROPERTIES_ENABLE_SSL_CERTIFICATE_VERIFICATION: 'false',
        },
      }),
    )

    expect(ssl).toEqual({
      ca: [authority.cert.trim()],
      ...{ cert: cert.trim(), key: key.trim() },
      ciphers: 'TLS_AES_128_GCM_SHA256',
      ecdhCurve: 'P-256',
      sigalgs: 'ECDSA+SHA256',
      checkServerIdentity: expect.any(Function) as unknown,
      rejectUnauthorized: false,
    })
  })

  it('take a token as it is', () => {
    const { sasl } = transportSettings(
      config(
        ...OAUTH,
        '--kafka.sasl_oauthbearer_token=abc',
        '--kafka.properties.sasl.oauthbearer.extensions=a=1,b=2',
      ),
    )

    expect(sasl).toEqual({
      mechanism: 'oauthbearer',
      source: { method: 'static', token: 'abc' },
      extensions: { a: '1', b: '2' },
    })
  })

  it('take tokens from an endpoint', () => {
    const authority = createAuthority()
    const properties = {
      'sasl.oauthbearer.method': 'oidc',
      'sasl.oauthbearer.client.id': 'me',
      'sasl.oauthbearer.client.secret': 'hunter2',
      'sasl.oauthbearer.token.endpoint.url': 'https://sso/token',
      'sasl.oauthbearer.scope': 'kafka',
      'sasl.oauthbearer.sub.claim.name': 'azp',
      'https.ca.location': file(authority.cert),
    }
    const { sasl } = transportSettings(withProperties(properties, OAUTH))

    expect(sasl).toEqual({
      mechanism: 'oauthbearer',
      source: {
        method: 'oidc',
        tokenEndpointUrl: 'https://sso/token',
        clientId: 'me',
        clientSecret: 'hunter2',
        scope: 'kafka',
        subClaimName: 'azp',
        ca: [authority.cert.trim()],
      },
      extensions: {},
    })
  })

  it.each([
    ['http://sso/token', /^sasl\.oauthbearer\.token\.endpoint\.url: is not https/],
    ['sso', /^sasl\.oauthbearer\.token\.endpoint\.url: is not a URL/],
  ])('do not send a client secret to %s', (url, message) => {
    const properties = {
      'sasl.oauthbearer.method': 'oidc',
      'sasl.oauthbearer.client.id': 'me',
      'sasl.oauthbearer.client.secret': 'hunter2',
      'sasl.oauthbearer.token.endpoint.url': url,
    }

    expect(() => transportSettings(withProperties(properties, OAUTH))).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(message) as string,
      }),
    )
  })

  it('say in one line which file cannot be read', () => {
    const flags = ['--kafka.security_protocol=ssl', '--kafka.ssl.ca_file=/nowhere/ca.pem']

    expect(() => transportSettings(config(...flags))).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(
          /^kafka\.ssl\.ca_file: cannot read "\/nowhere\/ca\.pem": ENOENT.*$/,
        ) as string,
      }),
    )
  })

  it('log kafkajs’s own debug lines at level debug', () => {
    expect(transportSettings(config('--log_level=debug')).isDebugLogged).toBe(true)
  })
})
