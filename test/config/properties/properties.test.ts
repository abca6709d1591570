import { describe, expect, it } from 'vitest'
import { printSettings } from '../../../src/config/print.ts'
import { resolveConfig } from '../../../src/config/resolve.ts'
import { load, loadWithBroker, errorsOf, errorsWithBroker, sourcesOf } from '../sources.ts'

const property = (line: string) => ({ argv: [`--kafka.properties.${line}`] })

describe('kafka.properties', () => {
  it('takes properties by their dotted names in the file', () => {
    const { kafka } = load({
      file: [
        'kafka:',
        '  properties:',
        '    bootstrap.servers: [a, "b:1"]',
        '    linger.ms: 5',
        '    acks: all',
        '    enable.idempotence: true',
        '    batch.size: 2000',
        '    retries: "7"',
      ].join('\n'),
    })

    expect(kafka).toMatchObject({
      brokers: ['a:9092', 'b:1'],
      queueBufferingMaxMs: 5,
      requestRequiredAcks: -1,
      enableIdempotence: true,
      retries: 7,
    })
    expect(kafka.properties['batch.size']).toBe(2000)
  })

  it('takes the text of a properties file, pasted into the file', () => {
    const { kafka } = load({
      file: 'kafka:\n  properties: |\n    # mine\n    bootstrap.servers=a\n    linger.ms = 5\n    sasl.username=u\n    sasl.password= a=b \n',
    })

    expect(kafka).toMatchObject({ queueBufferingMaxMs: 5, user: 'u', password: 'a=b' })
  })

  it('takes each from a variable and a flag of its own', () => {
    const { kafka } = loadWithBroker({
      env: { KPRF_KAFKA_PROPERTIES_BATCH_SIZE: '5', KPRF_KAFKA_PROPERTIES_LINGER_MS: '7' },
      argv: ['--kafka.properties.batch.size=6', '--kafka.properties.socket.nagle.disable', 'false'],
    })

    expect(kafka.queueBufferingMaxMs).toBe(7)
    expect(kafka.properties['batch.size']).toBe(6)
    expect(kafka.properties['socket.nagle.disable']).toBe(false)
  })

  it('takes several from one variable, a line each; one of its own counts more', () => {
    const { kafka } = loadWithBroker({
      env: {
        KPRF_KAFKA_PROPERTIES: 'batch.size=5\nlinger.ms=7\n',
        KPRF_KAFKA_PROPERTIES_BATCH_SIZE: '6',
      },
      file: 'kafka: { properties: { linger.ms: 8 } }',
    })

    expect(kafka.properties['batch.size']).toBe(6)
    expect(kafka.queueBufferingMaxMs).toBe(7)
  })

  it('says in which line of a text something is wrong', () => {
    expect(
      errorsWithBroker({ env: { KPRF_KAFKA_PROPERTIES: '# mine\nlinger.mss=7\nacks=-2' } }),
    ).toEqual([
      'kafka.properties: No such configuration property; did you mean linger.ms? (KPRF_KAFKA_PROPERTIES, line 2 of the text)',
      'kafka.properties.acks: Configuration property "request.required.acks" value -2 is outside allowed range -1..1000 (KPRF_KAFKA_PROPERTIES, line 3 of the text)',
    ])
  })

  it('does not repeat the lines of a key that was pasted as it is', () => {
    const errors = errorsWithBroker({
      env: { KPRF_KAFKA_PROPERTIES: 'ssl.key.pem=-----BEGIN KEY-----\nMIIEhunter2==\nhunter2' },
    })

    expect(errors).toContain(
      'kafka.properties: it is not name=value; put a certificate or key of several lines into a file or into YAML (KPRF_KAFKA_PROPERTIES, line 2 of the text)',
    )
    expect(errors.join()).not.toContain('hunter2')
  })

  it('takes secrets from files', () => {
    const { kafka } = loadWithBroker({
      argv: ['--kafka.security_protocol=ssl', '--kafka.properties.ssl.certificate.pem=c'],
      env: { KPRF_KAFKA_PROPERTIES_SSL_KEY_PEM_FILE: '/key' },
      files: { '/key': 'KEY\n' },
    })

    expect(kafka.properties['ssl.key.pem']).toBe('KEY')
  })

  it('has defaults of its own where librdkafka has others', () => {
    const { properties } = loadWithBroker({}).kafka

    expect(properties).toMatchObject({
      'batch.num.messages': 10_000,
      'batch.size': 1_000_000,
      'max.in.flight.requests.per.connection': 5,
      'sticky.partitioning.linger.ms': undefined,
      'socket.connection.setup.timeout.ms': 5000,
      'allow.auto.create.topics': true,
      'compression.codec': 'none',
    })
  })

  it.each([
    [
      'linger.ms=900001',
      'Configuration property "queue.buffering.max.ms" value 900001 is outside allowed range 0..900000',
    ],
    [
      'batch.size=0',
      'Configuration property "batch.size" value 0 is outside allowed range 1..2147483647',
    ],
    [
      'batch.num.messages=0x10000000',
      'Configuration property "batch.num.messages" value 268435456 is outside allowed range 1..1000000',
    ],
    [
      'acks=-2',
      'Configuration property "request.required.acks" value -2 is outside allowed range -1..1000',
    ],
    [
      'batch.size=5k',
      'Invalid value for configuration property "batch.size"; it must be a number from 1 to 2147483647',
    ],
    [
      'batch.size=1.5',
      'Invalid value for configuration property "batch.size"; it must be a number from 1 to 2147483647',
    ],
    [
      'batch.size=',
      'Invalid value for configuration property "batch.size"; it must be a number from 1 to 2147483647',
    ],
    ['socket.nagle.disable=yes', 'Expected bool value for "socket.nagle.disable": true or false'],
    [
      'compression.codec=brotli',
      'Invalid value for configuration property "compression.codec"; it must be one of none, gzip, snappy, lz4, zstd, inherit',
    ],
    ['group.id=x', 'not supported: it is for consumers; kprf only produces'],
    [
      'dr_cb=x',
      'not supported: it can only be set by a program that is linked with librdkafka; kprf has no callbacks',
    ],
    [
      'transactional.id=x',
      'not supported: kprf has no transactions: all its clients share one producer',
    ],
    ['queuing.strategy=lifo', 'lifo is not supported: kprf keeps the order of records'],
    [
      'sasl.mechanisms=GSSAPI',
      'GSSAPI is not supported: Kerberos needs a native library, and kprf has none',
    ],
    [
      'sasl.kerberos.keytab=/k',
      'not supported: Kerberos needs a native library, and kprf has none',
    ],
  ])('does not take %s', (line, message) => {
    const key = `kafka.properties.${line.slice(0, line.indexOf('='))}`

    expect(errorsWithBroker(property(line))).toEqual([`${key}: ${message} (--${key})`])
  })

  it.each([
    ['kafka: { properties: { linger.mss: 5 } }', 'linger.ms', '(kprf.yaml:1:24)'],
    ['kafka: { properties: "linger.mss=5" }', 'linger.ms', '(kprf.yaml:1, line 1 of the text)'],
    ['kafka: { properties: { zzzzzzz: zstd } }', undefined, '(kprf.yaml:1:24)'],
  ])('suggests the nearest name for an unknown one: %s', (file, meant, origin) => {
    const guess = meant === undefined ? '' : `; did you mean ${meant}?`

    expect(errorsWithBroker({ file })).toEqual([
      `kafka.properties: No such configuration property${guess} ${origin}`,
    ])
  })

  it('suggests the nearest flag and variable too', () => {
    expect(
      errorsWithBroker({
        argv: ['--kafka.properties.linger.mss=5'],
        env: { KPRF_KAFKA_PROPERTIES_BATCH_SIZES: '5' },
      }),
    ).toEqual([
      'KPRF_KAFKA_PROPERTIES_BATCH_SIZES: unknown variable; did you mean KPRF_KAFKA_PROPERTIES_BATCH_SIZE?',
      'argument 2: unknown flag; did you mean --kafka.properties.linger.ms?',
    ])
  })

  it.each([
    [
      'kafka: { properties: { batch.size: [5] } }',
      'Invalid value for configuration property "batch.size"; it must be a number from 1 to 2147483647',
    ],
    [
      'kafka: { properties: { client.id: [5] } }',
      'Invalid value for configuration property "client.id"; it must be text',
    ],
  ])('does not take the YAML %s', (file, message) => {
    expect(errorsWithBroker({ file })).toEqual([expect.stringContaining(message)])
  })

  it.each([
    ['kafka: { properties: "batch.size" }', 'kafka.properties: it is not name=value'],
    ['kafka: { properties: [] }', 'must be a mapping of keys'],
  ])('does not take the YAML %s', (file, message) => {
    expect(errorsWithBroker({ file })).toEqual([expect.stringContaining(message)])
  })

  it.each([
    ['socket.max.fails=3', 'has no effect: the first request that times out closes its connection'],
    ['client.rack=r', 'has no effect: only consumers use a rack, to read from the nearest replica'],
    ['enable.metrics.push=true', 'has no effect: kprf sends no metrics to brokers'],
  ])('takes %s with a warning', (line, words) => {
    const key = `kafka.properties.${line.slice(0, line.indexOf('='))}`

    expect(loadWithBroker(property(line)).warnings).toEqual([`${key}: ${words} (--${key})`])
  })

  it.each([
    ['socket.max.fails=1'],
    ['enable.gapless.guarantee=FALSE'],
    ['topic.metadata.refresh.sparse=true'],
    ['queuing.strategy=fifo'],
    ['compression.level=-1'],
  ])('takes %s without a word', (line) => {
    expect(loadWithBroker(property(line)).warnings).toEqual([])
  })

  it('warns of certificates that are not verified', () => {
    const argv = [
      '--kafka.security_protocol=ssl',
      '--kafka.properties.enable.ssl.certificate.verification=false',
    ]

    expect(loadWithBroker({ argv }).warnings).toEqual([
      expect.stringContaining('anyone on the network path can impersonate your Kafka'),
    ])
  })

  it.each([
    ['gzip', 10, 'compression.level 10 is outside the range of gzip; kprf uses 9'],
    ['snappy', 1, 'compression.level 1 is outside the range of snappy; it has no levels'],
  ])('warns of a level that %s does not know', (codec, level, warning) => {
    const argv = [
      `--kafka.properties.compression.codec=${codec}`,
      `--kafka.properties.compression.level=${level}`,
    ]

    expect(loadWithBroker({ argv }).warnings).toEqual([warning])
  })
})

describe('two names of one setting', () => {
  it('may have the same value', () => {
    const argv = ['--kafka.properties.acks=all', '--kafka.request_required_acks=-1']
    const file = 'kafka: { retries: 4, properties: { retries: "4", message.send.max.retries: 4 } }'

    expect(loadWithBroker({ argv, file }).kafka).toMatchObject({
      requestRequiredAcks: -1,
      retries: 4,
    })
  })

  it('may not differ, wherever they are', () => {
    expect(
      errorsWithBroker({
        file: 'kafka: { retries: 4 }',
        argv: ['--kafka.properties.retries=5'],
      }),
    ).toEqual([
      'kafka.retries is 4 (kprf.yaml:1) and kafka.properties.retries is 5 (--kafka.properties.retries), but both name the same setting; keep one of them',
    ])
    expect(
      errorsOf({
        file: 'kafka: { properties: { bootstrap.servers: a, metadata.broker.list: b } }',
      }),
    ).toEqual([
      'kafka.properties.bootstrap.servers is set (kprf.yaml:1) and kafka.properties.metadata.broker.list is set (kprf.yaml:1), but both name the same setting; keep one of them',
    ])
  })

  it('may not differ where neither is a key of its own', () => {
    const file = 'kafka: { properties: { compression.codec: gzip, compression.type: zstd } }'

    expect(errorsWithBroker({ file })).toEqual([
      'kafka.properties.compression.codec is gzip (kprf.yaml:1) and kafka.properties.compression.type is zstd (kprf.yaml:1), but both name the same setting; keep one of them',
    ])
  })

  it('keeps secrets out of the message', () => {
    const file = 'kafka: { user: u, password: one, properties: { sasl.password: two } }'

    expect(errorsWithBroker({ file })).toEqual([
      'kafka.password is set (kprf.yaml:1) and kafka.properties.sasl.password is set (kprf.yaml:1), but both name the same setting; keep one of them',
    ])
  })

  it('lets a later source replace the same name', () => {
    const options = {
      file: 'kafka: { properties: { linger.ms: 5 } }',
      argv: ['--kafka.properties.linger.ms=6'],
    }

    expect(loadWithBroker(options).kafka.queueBufferingMaxMs).toBe(6)
  })
})

describe('kprf config print', () => {
  const file = [
    'kafka:',
    '  brokers: k',
    '  security_protocol: ssl',
    '  properties:',
    '    linger.ms: 5',
    '    batch.size: 77',
    '    ssl.certificate.pem: c',
    '    ssl.key.pem: hunter2',
  ].join('\n')
  const printed = printSettings(resolveConfig(sourcesOf({ file })))

  it('prints a property that has a key under its key', () => {
    expect(printed).toContain('  queue_buffering_max_ms: 5 # kprf.yaml:5\n')
    expect(printed).not.toContain('linger.ms')
  })

  it('prints the others that are set, secrets masked', () => {
    expect(printed).toContain('    batch.size: 77 # kprf.yaml:6\n')
    expect(printed).toContain("    ssl.key.pem: '********' # kprf.yaml:8\n")
    expect(printed).not.toContain('hunter2')
    expect(printed).not.toContain('batch.num.messages')
  })

  it('prints what loads to the same', () => {
    const { properties } = load({ file: printed }).kafka

    expect(properties).toEqual({
      ...load({ file }).kafka.properties,
      ...{ 'ssl.key.pem': '********', 'ssl.certificate.pem': '********' },
    })
  })
})
