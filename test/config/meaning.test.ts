import { describe, expect, it } from 'vitest'
import { explainProperties } from '../../src/config/explain.ts'
import { errorsWithBroker } from './sources.ts'

/** A name of the Java client or of librdkafka, and the key that is meant. */
const KNOWN = [
  ['bootstrap.servers', 'kafka.brokers'],
  ['bootstrap-servers', 'kafka.brokers'],
  ['bootstrapServers', 'kafka.brokers'],
  ['spring.kafka.bootstrap-servers', 'kafka.brokers'],
  ['acks', 'kafka.request_required_acks'],
  ['kafka.producer.acks', 'kafka.request_required_acks'],
  ['linger.ms', 'kafka.queue_buffering_max_ms'],
  ['linger_ms', 'kafka.queue_buffering_max_ms'],
  ['kafka.linger-ms', 'kafka.queue_buffering_max_ms'],
  ['sasl.mechanism', 'kafka.sasl_mechanism'],
  ['ssl.keystore.location', 'kafka.properties.ssl.keystore.location'],
  ['compression.type', 'kafka.properties.compression.type'],
  ['batch.size', 'kafka.properties.batch.size'],
  ['http.metrics-port', 'http.metrics_port'],
] as const

/** Settings of the Java client alone, and the words that say what to use. */
const JAVA = [
  ['ssl.truststore.location', 'use kafka.ssl.ca_file with a PEM file'],
  ['ssl.truststore.password', 'leave it out: the PEM file of kafka.ssl.ca_file has no password'],
  ['sasl.jaas.config', 'use kafka.user and kafka.password'],
  ['key.serializer', 'leave it out: '],
  ['buffer.memory', 'use kafka.queue_buffering_max_kbytes, in KiB'],
  ['max.request.size', 'use kafka.message_max_bytes'],
  ['partitioner.class', 'use kafka.partitioner'],
] as const

describe.each(KNOWN)('%s', (name, key) => {
  it(`is ${key} at the top of the file`, () => {
    expect(errorsWithBroker({ file: `${name}: x` })).toEqual([
      `the file: has an unknown key; did you mean ${key}? (kprf.yaml:1:1)`,
    ])
  })

  it(`is ${key} as a flag`, () => {
    expect(errorsWithBroker({ argv: [`--${name}=x`] })).toEqual([
      `argument 2: unknown flag; did you mean --${key}?`,
    ])
  })
})

describe.each(JAVA)('%s of the Java client', (name, words) => {
  const explained = expect.stringContaining(
    `${name} is a setting of the Java client; ${words}`,
  ) as string

  it.each([
    ['at the top of the file', { file: `${name}: x` }],
    ['under kafka', { file: `kafka: { ${name}: x }` }],
    ['under kafka.properties', { file: `kafka: { properties: { ${name}: x } }` }],
    ['in text under kafka.properties', { file: `kafka: { properties: "${name}=x" }` }],
    ['as a flag', { argv: [`--${name}=x`] }],
    ['as a flag of a property', { argv: [`--kafka.properties.${name}=x`] }],
    ['as a variable', { env: { [`KPRF_${name.toUpperCase().replaceAll('.', '_')}`]: 'x' } }],
  ])('is explained %s', (_, options) => {
    expect(errorsWithBroker(options)).toEqual([explained])
  })

  it('is explained by kprf config explain', () => {
    expect(explainProperties(`${name}=x`).lines).toEqual([explained])
  })
})

describe('bootstrap-servers', () => {
  it('is bootstrap.servers under kafka.properties', () => {
    expect(errorsWithBroker({ file: 'kafka: { properties: { bootstrap-servers: a } }' })).toEqual([
      'kafka.properties: No such configuration property; did you mean bootstrap.servers? (kprf.yaml:1:24)',
    ])
  })
})

describe('a number with a unit', () => {
  it.each([
    [{ argv: ['--kafka.message_timeout_ms=5s'] }, 'milliseconds'],
    [{ file: 'kafka: { message_timeout_ms: 5 s }' }, 'milliseconds'],
    [{ env: { KPRF_KAFKA_QUEUE_BUFFERING_MAX_MS: '0.5ms' } }, 'milliseconds'],
    [{ argv: ['--kafka.properties.linger.ms=5s'] }, 'milliseconds'],
    [{ argv: ['--kafka.properties.retry.backoff.ms=1m'] }, 'milliseconds'],
    [{ argv: ['--http.max_body_bytes=8MiB'] }, 'bytes'],
    [{ argv: ['--kafka.queue_buffering_max_kbytes=1GB'] }, 'KiB'],
  ])('is refused with its own unit: %j', (options, unit) => {
    expect(errorsWithBroker(options)).toEqual([
      expect.stringContaining(`; it is a number of ${unit}, written without a unit (`),
    ])
  })

  it('is not seen in other text', () => {
    expect(errorsWithBroker({ argv: ['--kafka.message_timeout_ms=fast'] })[0]).not.toContain('unit')
  })
})
