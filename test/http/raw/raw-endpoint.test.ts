/** `/topics/{topic}/raw`: the body is the value of one record, whatever it is. */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { RecordBytes } from '../../../src/producer/types.ts'
import { deliveryError, RDKAFKA } from '../../../src/producer/delivery-errors.ts'
import { PAGE, type Sent, serveDoor as serve } from '../../support/door.ts'
import { DEFAULT_SETTINGS } from '../../support/http-edge.ts'
import { SeededRandom, TEST_SEED } from '../../support/random.ts'

const bytesOf = (bytes: RecordBytes | null): Buffer | null =>
  bytes === null ? null : Buffer.from(bytes)

describe('the body', () => {
  it.each([
    ['JSON', Buffer.from('{"a":1e400}'), 'application/json'],
    ['a form', Buffer.from('a=1&b=2'), 'application/x-www-form-urlencoded'],
    ['bytes that are no text', Buffer.from([0, 255, 10, 13, 0x80]), 'application/octet-stream'],
    ['nothing', Buffer.alloc(0), 'text/plain'],
  ])('is the value, byte for byte: %s', async (_, body, type) => {
    const { recordOf } = await serve()

    const record = await recordOf('/topics/orders/raw', {
      body,
      headers: [`Content-Type: ${type}`],
    })

    expect(record).toMatchObject({ topic: 'orders', key: null, partition: undefined })
    expect(bytesOf(record.value)).toEqual(body)
    expect(record.headers).toEqual([{ key: 'content-type', value: Buffer.from(type) }])
  })

  it('is the value, byte for byte: random bytes', async () => {
    const { recordOf } = await serve()
    const random = new SeededRandom(TEST_SEED)
    for (let n = 0; n < 50; n += 1) {
      const body = Buffer.from(Array.from({ length: random.below(3000) }, () => random.below(256)))
      const key = Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256)))
      const target = `/topics/t/raw?key_base64=${encodeURIComponent(key.toString('base64'))}`

      const record = await recordOf(target, { body, method: random.pick(['POST', 'PUT']) })

      expect([bytesOf(record.key), bytesOf(record.value)], `seed ${TEST_SEED}`).toEqual([key, body])
    }
  })

  it.each([
    ['at once', (bytes: Buffer) => [bytes]],
    ['in pieces', (bytes: Buffer) => [bytes.subarray(0, 7000), bytes.subarray(7000)]],
  ])('is the value, byte for byte, after the reply too: sent %s', async (_, pieces) => {
    const { edge } = await serve({ settings: { ...DEFAULT_SETTINGS, maxBodyBytes: 2 ** 20 } })
    const random = new SeededRandom(1)
    for (const length of [1, 1000, 20_000, 40_000, 65_536, 131_072, 200_000, 1_000_000]) {
      const bytes = Buffer.from(Array.from({ length }, () => random.below(256)))
      for (const [isGzip, query] of [
        [false, ''],
        [false, '?wait=true'],
        [true, ''],
      ] as const) {
        const sent = isGzip ? gzipSync(bytes) : bytes
        const encoding = isGzip ? 'Content-Encoding: gzip\r\n' : ''
        const client = edge.connect()
        client.write(
          `POST /topics/t/raw${query} HTTP/1.1\r\nHost: h\r\n${encoding}Content-Length: ${sent.length}\r\n\r\n`,
        )
        for (const piece of pieces(sent)) {
          client.write(piece)
          await new Promise((resolve) => setImmediate(resolve))
        }
        expect((await client.response()).status).toBe(200)

        const value = edge.producer.records.at(-1)?.value ?? null
        expect(bytesOf(value)?.equals(bytes), `${length} bytes, ${query} ${encoding}`).toBe(true)
      }
    }
  })

  it.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('is decompressed before, from %s', async (encoding, compress) => {
    const { recordOf } = await serve()
    const sent = { body: compress('plain'), headers: [`Content-Encoding: ${encoding}`] }

    expect(String((await recordOf('/topics/t/raw', sent)).value)).toBe('plain')
  })
})

describe('the query', () => {
  it('has key, partition, timestamp and headers of the record', async () => {
    const { recordOf } = await serve()
    const query =
      'key=k%C3%A9y+1&partition=3&timestamp=1700000000000&header.trace=a%20b&header.trace=c'

    expect(await recordOf(`/topics/t/raw?${query}#fragment`)).toMatchObject({
      ...{ key: 'kéy 1', partition: 3, timestampMs: 1_700_000_000_000 },
      headers: [
        { key: 'trace', value: 'a b' },
        { key: 'trace', value: 'c' },
      ],
    })
  })

  it.each(['AP8=', 'AP8', '-_8A', '+/8A', '%2B/8A'])(
    'may have a key in base64: %s',
    async (text) => {
      const { recordOf } = await serve()
      const expected = Buffer.from(decodeURIComponent(text), 'base64')

      expect((await recordOf(`/topics/t/raw?key_base64=${text}`)).key).toEqual(expected)
    },
  )

  it('with wait=true has the reply wait for Kafka, and say where the record is', async () => {
    const { send } = await serve()

    expect(await send('/topics/t/raw?wait=true', { body: 'v' })).toMatchObject({
      status: 200,
      reply: { status: 'ok', offsets: [{ topic: 't', partition: 0, offset: '0' }] },
    })
    expect((await send('/topics/t/raw', { body: 'v' })).reply).toEqual({ status: 'ok', errors: [] })
  })

  it('with tombstone=true makes an empty body a tombstone', async () => {
    const { recordOf } = await serve()

    expect(await recordOf('/topics/t/raw?key=k&tombstone=true')).toMatchObject({
      key: 'k',
      value: null,
    })
    expect(bytesOf((await recordOf('/topics/t/raw?key=k')).value)).toEqual(Buffer.alloc(0))
  })

  it('is looked at for misspelt names, and others are ignored', async () => {
    const { send } = await serve()

    const { status, headers } = await send('/topics/t/raw?partion=1&x=2')

    expect(status).toBe(200)
    expect(headers.get('kprf-warning')).toBe(
      'unknown field "partion" is ignored: did you mean "partition"?',
    )
  })
})

describe('the headers of the request', () => {
  it('have the key and the headers of the record, in their order and as they were sent', async () => {
    const { recordOf } = await serve({
      settings: { ...DEFAULT_SETTINGS, raw: { forwardHeaders: ['X-GitHub-Event'] } },
    })
    const headers = ['Kafka-Key: k\xff', 'Kafka-Header-TraceId: 1', 'X-Github-Event: push']
    const record = await recordOf('/topics/t/raw?header.last=3', {
      headers: [...headers, 'Content-Type: a/b', 'Kafka-Header-TraceId: 2', 'X-Other: 4'],
    })

    expect(record.key).toEqual(Buffer.from('k\xff', 'latin1'))
    expect(record.headers.map(({ key, value }) => [key, String(value)])).toEqual([
      ['TraceId', '1'],
      ['x-github-event', 'push'],
      ['content-type', 'a/b'],
      ['TraceId', '2'],
      ['last', '3'],
    ])
  })
})

describe('a request that is refused', () => {
  it.each<[string, string, Sent, number, number]>([
    ['a topic that Kafka does not allow', '/topics/a%20b/raw', {}, 422, 42206],
    ['two keys', '/topics/t/raw?key=a&key_base64=YQ', {}, 422, 42212],
    [
      'a key in the query and in a header',
      '/topics/t/raw?key=a',
      { headers: ['Kafka-Key: b'] },
      422,
      42212,
    ],
    ['a parameter twice', '/topics/t/raw?partition=1&partition=2', {}, 422, 42212],
    ['a key that is no UTF-8', '/topics/t/raw?key=%FF', {}, 400, 40005],
    ['a key that is no base64', '/topics/t/raw?key_base64=a', {}, 422, 42205],
    ['a partition that is no number', '/topics/t/raw?partition=x', {}, 422, 42204],
    ['a negative partition', '/topics/t/raw?partition=-2', {}, 422, 42204],
    ['a timestamp in seconds', '/topics/t/raw?timestamp=1700000000', {}, 422, 42209],
    ['a switch that is none', '/topics/t/raw?wait=yes', {}, 422, 42201],
    ['a tombstone without a key', '/topics/t/raw?tombstone=true', {}, 422, 42207],
    ['a tombstone with a body', '/topics/t/raw?tombstone=true&key=k', { body: 'v' }, 422, 42207],
    ['an unknown Kafka- header', '/topics/t/raw', { headers: ['Kafka-Partition: 1'] }, 422, 42210],
    [
      'a record header without a name',
      '/topics/t/raw',
      { headers: ['Kafka-Header-: 1'] },
      422,
      42208,
    ],
    ['the page of another origin', '/topics/t/raw', { headers: ['Origin: https://x'] }, 403, 40302],
    ['a method', '/topics/t/raw', { method: 'PATCH' }, 405, 40500],
    ['a body that is too large', '/topics/t/raw', { body: Buffer.alloc(2 ** 20) }, 413, 41301],
  ])('for %s produces nothing and says so', async (_, target, sent, status, errorCode) => {
    const { edge, send } = await serve()

    const answer = await send(target, sent)

    expect(answer).toMatchObject({ status, reply: { error_code: errorCode } })
    expect(edge.producer.records).toEqual([])
  })

  it('says why the record was refused, without a place', async () => {
    const { edge, send } = await serve()
    edge.producer.refuseNext(1, deliveryError(RDKAFKA.queueFull))

    expect(await send('/topics/t/raw', { body: 'v' })).toMatchObject({
      status: 503,
      reply: {
        message: 'Message production error: QueueFull (Local: Queue full)',
        errors: [{ status: 'error', error_code: -184 }],
      },
    })
  })
})

it('a page of a listed origin may push whatever it likes', async () => {
  const { recordOf } = await serve()

  const headers = [`Origin: ${PAGE}`, 'Content-Type: text/plain']
  expect(await recordOf('/topics/t/raw', { body: 'v', headers })).toMatchObject({ topic: 't' })
})
