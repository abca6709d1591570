import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import type { KafkaConfig, SASLOptions } from 'kafkajs'
import { CompressionTypes, Kafka, logLevel } from 'kafkajs'
import type { Connection, KafkaClient } from './client.ts'

async function clientFor({ bootstrap, authorityPath, sasl }: Connection): Promise<Kafka> {
  const config: KafkaConfig = { brokers: bootstrap.split(','), logLevel: logLevel.NOTHING }
  return new Kafka({
    ...config,
    ...(authorityPath !== undefined && { ssl: { ca: await readFile(authorityPath, 'utf8') } }),
    ...(sasl && { sasl: saslOptions(sasl) }),
  })
}

function saslOptions({
  mechanism,
  username,
  password,
}: NonNullable<Connection['sasl']>): SASLOptions {
  switch (mechanism) {
    case 'SCRAM-SHA-256':
      return { mechanism: 'scram-sha-256', username, password }
    case 'SCRAM-SHA-512':
      return { mechanism: 'scram-sha-512', username, password }
    case 'OAUTHBEARER':
      return {
        mechanism: 'oauthbearer',
        oauthBearerProvider: () => Promise.resolve({ value: unsecuredToken(username) }),
      }
    default:
      return { mechanism: 'plain', username, password }
  }
}

function unsecuredToken(sub: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const exp = Math.floor(Date.now() / 1000) + 3600
  return `${part({ alg: 'none' })}.${part({ sub, exp })}.`
}

/** kafkajs as it comes. */
export const kafkajs: KafkaClient = {
  name: 'kafkajs',
  // Those codecs are packages of their own; a consumer without a group does not exist in kafkajs.
  lacks: ['snappy', 'lz4', 'zstd'],
  version: () => {
    const manifest: unknown = createRequire(import.meta.url)('kafkajs/package.json')
    return Promise.resolve((manifest as { version: string }).version)
  },
  async produce({ topic, values, compression, isIdempotent = false, ...connection }) {
    const producer = (await clientFor(connection)).producer({ idempotent: isIdempotent })
    await producer.connect()
    await producer.send({
      topic,
      messages: values.map((value) => ({ value })),
      compression: compression === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None,
    })
    await producer.disconnect()
  },
  async consume({ topic, count, groupId = 'any', ...connection }) {
    const consumer = (await clientFor(connection)).consumer({ groupId, maxWaitTimeInMs: 100 })
    const values: string[] = []
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      const run = consumer.run({
        eachMessage: ({ message }) => {
          values.push(String(message.value))
          if (values.length === count) resolve()
          return Promise.resolve()
        },
      })
      run.catch(reject)
    })
    await consumer.disconnect()
    return values
  },
}
