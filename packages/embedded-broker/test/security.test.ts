import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { KafkaConfig, SASLOptions } from 'kafkajs'
import { Kafka, logLevel } from 'kafkajs'
import { afterEach, describe, expect, test } from 'vitest'
import type { TestClusterOptions } from '../src/test-cluster.ts'
import { TestCluster } from '../src/test-cluster.ts'
import { metadataApi } from '../src/protocol/apis/metadata.ts'
import { saslAuthenticateApi, saslHandshakeApi } from '../src/protocol/apis/sasl.ts'
import { createAuthority } from '../../../test/support/certificates.ts'
import { WireClient } from './support/wire-client.ts'

const users = { alice: 'secret', 'b,=b': 'pass,=word' }
const authority = createAuthority()
const tls = { ...authority.issue('localhost'), ca: authority.cert }

const unsecuredToken = (claims: object): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part(claims)}.`
}

const inAnHour = Math.floor(Date.now() / 1000) + 3600
const token = unsecuredToken({ sub: 'alice', exp: inAnHour })

const mechanisms: readonly (readonly [string, SASLOptions])[] = [
  ['PLAIN', { mechanism: 'plain', username: 'alice', password: 'secret' }],
  ['SCRAM-SHA-256', { mechanism: 'scram-sha-256', username: 'alice', password: 'secret' }],
  ['SCRAM-SHA-512', { mechanism: 'scram-sha-512', username: 'alice', password: 'secret' }],
  [
    'SCRAM with a comma and an equals sign',
    { mechanism: 'scram-sha-256', username: 'b,=b', password: 'pass,=word' },
  ],
  [
    'OAUTHBEARER',
    { mechanism: 'oauthbearer', oauthBearerProvider: () => Promise.resolve({ value: token }) },
  ],
]

const wrong: readonly (readonly [string, SASLOptions])[] = [
  ['PLAIN, password', { mechanism: 'plain', username: 'alice', password: 'guess' }],
  ['PLAIN, user', { mechanism: 'plain', username: 'bob', password: 'secret' }],
  ['SCRAM, password', { mechanism: 'scram-sha-512', username: 'alice', password: 'guess' }],
  ['SCRAM, user', { mechanism: 'scram-sha-256', username: 'bob', password: 'secret' }],
  [
    'OAUTHBEARER, expired',
    {
      mechanism: 'oauthbearer',
      oauthBearerProvider: () =>
        Promise.resolve({ value: unsecuredToken({ sub: 'alice', exp: 1_600_000_000 }) }),
    },
  ],
]

describe('security', () => {
  let cluster: TestCluster

  const start = async (options: TestClusterOptions): Promise<void> => {
    cluster = await TestCluster.start({ topics: { orders: { partitions: 1 } }, ...options })
  }

  const produce = async (options: Partial<KafkaConfig>): Promise<void> => {
    const kafka = new Kafka({
      brokers: cluster.bootstrap.split(','),
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
      ...options,
    })
    const producer = kafka.producer()
    try {
      await producer.connect()
      await producer.send({ topic: 'orders', messages: [{ value: 'v' }] })
    } finally {
      await producer.disconnect()
    }
  }

  afterEach(async () => {
    await cluster.close()
  })

  test.each(mechanisms)('lets a client in by %s', async (_, sasl) => {
    await start({ sasl: { users } })

    await produce({ sasl })

    expect(cluster.records('orders')).toHaveLength(1)
  })

  test.each(wrong)('keeps a client out: %s', async (_, sasl) => {
    await start({ sasl: { users } })

    await expect(produce({ sasl })).rejects.toThrow()
    expect(cluster.records('orders')).toHaveLength(0)
  })

  test('names the mechanisms to a client that asks for another', async () => {
    await start({ sasl: { users, mechanisms: ['PLAIN'] } })
    const client = await WireClient.connect(cluster.bootstrap)

    const response = await client.send(saslHandshakeApi, 1, { mechanism: 'SCRAM-SHA-256' })

    expect(response).toEqual({ errorCode: 33, mechanisms: ['PLAIN'] })
    await client.closed
  })

  test('cuts off a client that asks for anything before it has authenticated', async () => {
    await start({ sasl: { users } })
    const client = await WireClient.connect(cluster.bootstrap)
    const request = {
      topics: null,
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    }

    await expect(client.send(metadataApi, 6, request)).rejects.toThrow('connection closed')
  })

  test('answers a token without a handshake, and a handshake without SASL, as out of place', async () => {
    await start({ sasl: { users } })
    const client = await WireClient.connect(cluster.bootstrap)
    const early = await client.send(saslAuthenticateApi, 2, {
      token: Buffer.from('\0alice\0secret'),
    })
    await cluster.close()
    await start({})
    const plain = await WireClient.connect(cluster.bootstrap)
    const needless = await plain.send(saslHandshakeApi, 1, { mechanism: 'PLAIN' })

    expect([early.errorCode, needless.errorCode]).toEqual([34, 34])
    await plain.close()
  })

  test('takes bare tokens after a handshake of version 0', async () => {
    await start({ sasl: { users } })
    const client = await WireClient.connect(cluster.bootstrap)
    await client.send(saslHandshakeApi, 0, { mechanism: 'PLAIN' })

    client.socket.write(Buffer.concat([Buffer.from([0, 0, 0, 13]), Buffer.from('\0alice\0secret')]))
    const answered = await client.nextFrame()

    expect(answered).toEqual(Buffer.alloc(0))
    await client.close()
  })

  test('closes after a bare token that is wrong', async () => {
    await start({ sasl: { users } })
    const client = await WireClient.connect(cluster.bootstrap)
    await client.send(saslHandshakeApi, 0, { mechanism: 'PLAIN' })

    client.socket.write(Buffer.from([0, 0, 0, 2, 0, 0]))

    await client.closed
  })

  test('refuses a large request from a client that has yet to authenticate', async () => {
    await start({ sasl: { users } })
    const client = await WireClient.connect(cluster.bootstrap)

    client.socket.write(Buffer.from([0, 9, 0, 0]))

    await client.closed
  })

  test.each([
    ['an identity of somebody else', 'bob\0alice\0secret', 58],
    ['no password', '\0alice', 58],
    ['too many parts', '\0alice\0secret\0more', 58],
    ['its own identity', 'alice\0alice\0secret', 0],
  ])('answers a PLAIN token with %s', async (_, text, errorCode) => {
    await start({ sasl: { users } })
    const client = await WireClient.connect(cluster.bootstrap)
    await client.send(saslHandshakeApi, 1, { mechanism: 'PLAIN' })

    const response = await client.send(saslAuthenticateApi, 1, { token: Buffer.from(text) })

    expect(response.errorCode).toBe(errorCode)
    await client.close()
  })

  test.each([
    ['another nonce', (nonce: string) => `c=biws,r=x${nonce.slice(1)}`],
    ['another binding', (nonce: string) => `c=eSws,r=${nonce}`],
    ['a proof of another length', (nonce: string) => `c=biws,r=${nonce}`],
  ])('refuses a SCRAM proof with %s', async (_, final) => {
    await start({ sasl: { users } })
    const client = await WireClient.connect(cluster.bootstrap)
    await client.send(saslHandshakeApi, 1, { mechanism: 'SCRAM-SHA-256' })
    const first = { token: Buffer.from('n,,n=alice,r=abc') }
    const challenge = await client.send(saslAuthenticateApi, 1, first)
    const nonce = /r=([^,]*)/.exec(challenge.token.toString())?.[1] ?? ''

    const token = Buffer.from(`${final(nonce)},p=AAAA`)
    const response = await client.send(saslAuthenticateApi, 1, { token })

    expect(nonce).toMatch(/^abc./)
    expect(response.errorCode).toBe(58)
  })

  test.each([
    ['two users', 'n,,n=alice,n=bob'],
    ['channel binding', 'p=tls-unique,,n=alice,r=abc'],
    ['no nonce', 'n,,n=alice,r='],
  ])('refuses a SCRAM message with %s', async (_, message) => {
    await start({ sasl: { users } })
    const client = await WireClient.connect(cluster.bootstrap)
    await client.send(saslHandshakeApi, 1, { mechanism: 'SCRAM-SHA-256' })

    const response = await client.send(saslAuthenticateApi, 1, { token: Buffer.from(message) })

    expect(response.errorCode).toBe(58)
    await client.closed
  })

  test.each([
    ['a signature', `${token}c2ln`],
    ['no subject', unsecuredToken({ exp: inAnHour })],
    ['no expiry', unsecuredToken({ sub: 'alice' })],
    ['no JSON', 'bm9uc2Vuc2U.bm9uc2Vuc2U.'],
  ])('refuses a bearer token with %s, once the client has acknowledged', async (_, jwt) => {
    await start({ sasl: { users } })
    const client = await WireClient.connect(cluster.bootstrap)
    await client.send(saslHandshakeApi, 1, { mechanism: 'OAUTHBEARER' })
    const first = Buffer.from(`n,,\x01auth=Bearer ${jwt}\x01\x01`)

    const refusal = await client.send(saslAuthenticateApi, 2, { token: first })
    const end = await client.send(saslAuthenticateApi, 2, { token: Buffer.from('\x01') })

    expect(refusal).toMatchObject({
      errorCode: 0,
      token: Buffer.from('{"status":"invalid_token"}'),
    })
    expect(end.errorCode).toBe(58)
  })

  test('serves TLS, with SASL on top', async () => {
    await start({ tls, sasl: { users } })

    await produce({
      ssl: { ca: authority.cert },
      sasl: { mechanism: 'plain', username: 'alice', password: 'secret' },
    })

    expect(cluster.records('orders')).toHaveLength(1)
  })

  test('is not trusted by a client that does not know its authority', async () => {
    await start({ tls })

    await expect(produce({ ssl: true })).rejects.toThrow()
  })

  test('survives a client that speaks no TLS, and one that stops in the handshake', async () => {
    await start({ tls })
    const port = Number(cluster.bootstrap.split(':')[1])
    const plain = connect(port, '127.0.0.1', () => plain.write('GET / HTTP/1.1\r\n\r\n'))
    const silent = connect(port, '127.0.0.1')
    plain.on('error', () => undefined)

    await Promise.all([once(plain, 'close'), once(silent, 'connect')])
    await produce({ ssl: { ca: authority.cert } })

    expect(cluster.records('orders')).toHaveLength(1)
    silent.destroy()
  })

  test('knows a client by the name in its certificate', async () => {
    await start({
      tls: { ...tls, requestCert: true },
      denials: [{ principal: 'carol', topic: 'orders' }],
    })
    const carol = authority.issue('carol')
    const dave = authority.issue('dave')

    await expect(produce({ ssl: { ca: authority.cert, ...carol } })).rejects.toThrow('authorized')
    await produce({ ssl: { ca: authority.cert, ...dave } })

    expect(cluster.records('orders')).toHaveLength(1)
  })

  test('turns away a client without the certificate that it insists on', async () => {
    await start({ tls: { ...tls, requestCert: true, rejectUnauthorized: true } })
    const port = Number(cluster.bootstrap.split(':')[1])
    const socket = connectTls({ port, host: '127.0.0.1', ca: authority.cert })

    await expect(once(socket, 'end')).rejects.toThrow('certificate')
  })

  test('denies a principal what it is told to, until told otherwise', async () => {
    const sasl: SASLOptions = { mechanism: 'plain', username: 'alice', password: 'secret' }
    await start({ sasl: { users } })
    cluster.setDenials([{ principal: 'alice', topic: 'orders', operations: ['write'] }])

    await expect(produce({ sasl })).rejects.toThrow('authorized')
    cluster.setDenials([{ principal: '*', topic: 'orders' }])
    await expect(produce({ sasl })).rejects.toThrow('authorized')
    cluster.setDenials([{ principal: 'bob', topic: 'orders' }])
    await produce({ sasl })

    expect(cluster.records('orders')).toHaveLength(1)
  })
})
