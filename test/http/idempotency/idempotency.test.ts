import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  idempotencyKeysOf,
  IdempotencyTable,
  type IdempotencyTableOptions,
} from '../../../src/ingest/idempotency-table.ts'
import { deliveryError, RDKAFKA } from '../../../src/producer/delivery-errors.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import {
  DEFAULT_SETTINGS,
  type EdgeOverrides,
  parseReply,
  pushBody,
  rawPush,
  type ServedEdge,
  serveEdge,
} from '../../support/http-edge.ts'

const QUEUE_FULL = deliveryError(RDKAFKA.queueFull)
const TIMED_OUT = deliveryError(RDKAFKA.messageTimedOut)

interface Served extends ServedEdge {
  readonly observed: string[]
  readonly table: IdempotencyTable
}

async function serve(
  options: Partial<IdempotencyTableOptions> = {},
  overrides: EdgeOverrides = {},
): Promise<Served> {
  const observed: string[] = []
  const table = new IdempotencyTable({
    ...{ windowMs: 1_000, maxKeys: 10, unknownOutcome: 'replay' },
    onForgotten: () => observed.push('forgotten'),
    ...options,
  })
  const idempotency = {
    keys: idempotencyKeysOf(table, new FakeClock()),
    observer: {
      replayed: () => observed.push('replayed'),
      conflicted: (reason: string) => observed.push(reason),
    },
  }
  return { ...(await serveEdge({ idempotency, ...overrides })), observed, table }
}

const keyed = (body: string, key = 'k', headers: Readonly<Record<string, string>> = {}): Buffer =>
  rawPush(body, { 'Idempotency-Key': key, ...headers })
const WAITING = pushBody({}, { wait_for_send: true })

describe('a push with an Idempotency-Key', () => {
  it.each([
    ['that does not wait', pushBody()],
    ['that waits', WAITING],
    ['that asks for offsets', pushBody({}, { wait_for_send: true, return_offsets: true })],
    ['with a misspelt field', pushBody({}, { wait_for_sent: true })],
  ])('%s and is repeated gets the first answer, and is produced once', async (_, body) => {
    const { connect, producer, observed } = await serve()

    const first = await connect().write(keyed(body)).response()
    const second = await connect().write(keyed(body, '"k"')).response()

    expect([first.status, second.status, second.body]).toEqual([200, 200, first.body])
    expect(first.headers.has('idempotency-replayed')).toBe(false)
    expect(second.headers.get('idempotency-replayed')).toBe('true')
    for (const name of ['content-type', 'kprf-warning', 'cache-control']) {
      expect(second.headers.get(name)).toBe(first.headers.get(name))
    }
    expect(producer.records).toHaveLength(1)
    expect(observed).toEqual(['replayed'])
  })

  it('is the same compressed and plain', async () => {
    const { connect, producer } = await serve()

    await connect().write(keyed(pushBody())).response()
    const gzip = gzipSync(pushBody())
    const headers = {
      ...{ 'Content-Encoding': 'gzip', 'Content-Length': String(gzip.length) },
      'Idempotency-Key': 'k',
    }
    const second = await connect().write(rawPush(gzip, headers)).response()

    expect(second.headers.get('idempotency-replayed')).toBe('true')
    expect(producer.records).toHaveLength(1)
  })

  it('gets 409 and Retry-After while the first has no answer', async () => {
    const { connect, producer, observed } = await serve()
    producer.holdDelivery()
    const client = connect().write(keyed(WAITING))
    await producer.admitted(1)

    const second = await connect().write(keyed(WAITING)).response()
    producer.deliver()

    expect([second.status, second.headers.get('retry-after')]).toEqual([409, '1'])
    expect(parseReply(second)).toMatchObject({
      error_code: 40901,
      errors: [{ outcome: 'unknown' }],
    })
    expect((await client.response()).status).toBe(200)
    expect([producer.records.length, observed]).toEqual([1, ['in_use']])
  })

  it.each([
    ['body', pushBody({ data: 'other' }), ''],
    ['query', pushBody(), '?a'],
  ])('gets 422 with another %s', async (_, body, query) => {
    const { connect, producer } = await serve()
    await connect().write(keyed(pushBody())).response()

    const request = keyed(body).toString().replace('POST /push', `POST /push${query}`)
    const second = await connect().write(request).response()

    expect(second.status).toBe(422)
    expect(parseReply(second).error_code).toBe(42214)
    expect(producer.records).toHaveLength(1)
  })

  it('gets 503 and Retry-After while all keys that there may be are in use', async () => {
    const { connect, producer, observed } = await serve({ maxKeys: 1 })
    producer.holdDelivery()
    const client = connect().write(keyed(WAITING))
    await producer.admitted(1)

    const second = await connect().write(keyed(pushBody(), 'other')).response()
    producer.deliver()
    await client.response()

    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '1'])
    expect(parseReply(second).error_code).toBe(50310)
    expect(observed).toEqual(['full'])
  })

  it.each([['"an open one'], ['"one" "other"'], ['two words'], ['k'.repeat(256)]])(
    'is refused before its body if the key is %s, and the key is not logged',
    async (key) => {
      const { connect, log } = await serve()
      const head = keyed(pushBody(), key).toString('latin1').split('\r\n\r\n')[0] ?? ''

      const { status, body } = await connect().write(`${head}\r\n\r\n`).response()

      expect([status, parseReply({ body }).error_code]).toEqual([400, 40006])
      expect(JSON.stringify(log.lines)).not.toContain(key)
    },
  )

  it('is refused if it has two', async () => {
    const { connect } = await serve()
    const twice = keyed(pushBody()).toString().replace('\r\n\r\n', '\r\nidempotency-key: k\r\n\r\n')

    expect((await connect().write(twice).response()).status).toBe(400)
  })

  it.each([
    ['whose client left without the answer', pushBody()],
    ['that waited, and whose client left', WAITING],
  ])('%s is remembered', async (_, body) => {
    const { connect, producer, metrics } = await serve()
    const admit = producer.holdAdmission()
    const client = connect().write(keyed(body))
    await producer.called(1)
    client.abort()
    await metrics.until(() => metrics.clientErrors.includes('aborted'))
    admit()
    await metrics.observed(1)

    const second = await connect().write(keyed(body)).response()

    expect([second.status, second.headers.get('idempotency-replayed')]).toEqual([200, 'true'])
    expect(producer.records).toHaveLength(1)
    expect(metrics.pushes[0]).toMatchObject({ status: 499 })
  })

  it('is not remembered if its body was not whole', async () => {
    const { connect, producer, metrics } = await serve()
    const whole = keyed(pushBody())
    const client = connect().write(whole.subarray(0, whole.length - 1))
    await client.connected()
    client.end()
    await metrics.observed(1)

    const second = await connect().write(whole).response()

    expect([second.status, second.headers.has('idempotency-replayed')]).toEqual([200, false])
    expect(producer.records).toHaveLength(1)
  })

  it.each([
    ['its body is not JSON', '{', 400],
    ['it is invalid', pushBody({ topic: '' }), 422],
  ])('is not remembered if %s', async (_, body, status) => {
    const { connect, table } = await serve()

    expect((await connect().write(keyed(body)).response()).status).toBe(status)
    expect(table.size).toBe(0)
    expect((await connect().write(keyed(pushBody())).response()).status).toBe(200)
  })

  it.each([pushBody(), WAITING])(
    'is not remembered if no record of it is stored: %s',
    async (body) => {
      const { connect, producer } = await serve()
      producer.refuseNext(1, QUEUE_FULL)

      const first = await connect().write(keyed(body)).response()
      const second = await connect().write(keyed(body)).response()

      expect([first.status, second.status]).toEqual([503, 200])
      expect(second.headers.has('idempotency-replayed')).toBe(false)
      expect(producer.records).toHaveLength(1)
    },
  )

  it('is remembered with what failed if one of its records is stored', async () => {
    const { connect, producer } = await serve()
    const record = { topic: 'orders', data: 'value' }
    const body = JSON.stringify({ records: [record, record], wait_for_send: true })
    producer.refuseNth(1, QUEUE_FULL)

    const first = await connect().write(keyed(body)).response()
    const second = await connect().write(keyed(body)).response()

    expect([first.status, second.status, second.body]).toEqual([503, 503, first.body])
    expect(second.headers.get('retry-after')).toBe('1')
    expect(second.headers.get('idempotency-replayed')).toBe('true')
    expect(producer.records).toHaveLength(1)
  })

  it.each([
    ['replay', 1],
    ['produce', 2],
  ] as const)('whose outcome is unknown is, with %s, produced %i times', async (mode, times) => {
    const { connect, producer } = await serve({ unknownOutcome: mode })
    producer.reportNth(0, { status: 'possiblyPersisted', topic: 'orders', error: TIMED_OUT })

    const first = await connect().write(keyed(WAITING)).response()
    const second = await connect().write(keyed(WAITING)).response()

    expect(first.status).toBe(504)
    expect(second.status).toBe(times === 1 ? 504 : 200)
    if (times === 1) expect(second.body).toBe(first.body)
    expect(producer.records).toHaveLength(times)
  })

  it('is in doubt after a bug that came when its records were submitted', async () => {
    const { connect, producer } = await serve()
    producer.failNextCall(new Error('a bug'))

    const first = await connect().write(keyed(pushBody())).response()
    const second = await connect().write(keyed(pushBody())).response()

    expect([first.status, second.status]).toEqual([500, 504])
    expect(parseReply(second)).toMatchObject({
      error_code: 50402,
      errors: [{ outcome: 'unknown' }],
    })
  })

  it.each([
    ['in use', 409, 'an earlier request with this Idempotency-Key has no answer yet'],
    ['reused', 422, 'this Idempotency-Key was sent with another body'],
    ['invalid', 400, 'an Idempotency-Key without quotes must be printable ASCII'],
  ])('that is %s is answered as text with http.replies: rust', async (what, status, text) => {
    const settings = { ...DEFAULT_SETTINGS, replies: 'rust' } as const
    const { connect, producer } = await serve({}, { settings })
    producer.holdDelivery()
    const client = connect().write(keyed(WAITING))
    await producer.admitted(1)

    const request = keyed(
      what === 'reused' ? pushBody() : WAITING,
      what === 'invalid' ? 'a b' : 'k',
    )
    const reply = await connect().write(request).response()
    producer.deliver()
    await client.response()

    expect([reply.status, reply.headers.get('content-type')]).toEqual([
      status,
      'text/plain; charset=utf-8',
    ])
    expect(reply.body.startsWith(text)).toBe(true)
  })

  it('means nothing without a table, not even if it is no key', async () => {
    const { connect, producer } = await serveEdge()

    for (const key of ['k', 'k', '"']) await connect().write(keyed(pushBody(), key)).response()

    expect(producer.records).toHaveLength(3)
  })
})

describe('a remembered reply', () => {
  it('that is large gets room for replies, as the first did', async () => {
    const { connect, table, producer } = await serve({}, { replyBytesInFlight: 1 })
    const body = JSON.stringify({
      ...{ records: Array.from({ length: 100 }, () => ({ topic: 'orders', data: 'v' })) },
      ...{ wait_for_send: true, return_offsets: true },
    })

    const first = await connect().write(keyed(body)).response()
    const second = await connect().write(keyed(body)).response()

    expect([first.status, second.body === first.body]).toEqual([200, true])
    expect([table.size, producer.records.length]).toEqual([1, 100])
  })
})

it('a raw push is another one if the key or the headers of its record are others', async () => {
  const { connect, producer } = await serve()
  const send = async (line: string): Promise<number> => {
    const head = `PUT /topics/t/raw HTTP/1.1\r\nHost: h\r\nIdempotency-Key: k\r\n${line}Content-Length: 1\r\n\r\nv`
    return (await connect().write(head).response()).status
  }

  const lines = [
    'Kafka-Key: a\r\n',
    'Kafka-Key: a\r\n',
    'Kafka-Key: b\r\n',
    'Kafka-Header-x: a\r\n',
    '',
  ]
  const statuses: number[] = []
  for (const line of lines) statuses.push(await send(line))

  expect(statuses).toEqual([200, 200, 422, 422, 422])
  expect(producer.records).toHaveLength(1)
})

it('an event is another one if its attributes are others', async () => {
  const { connect, producer } = await serve()
  const send = async (line: string): Promise<number> => {
    const event = 'ce-specversion: 1.0\r\nce-id: 1\r\nce-source: /s\r\nce-type: t\r\n'
    const head = `POST /topics/t/events HTTP/1.1\r\nHost: h\r\nIdempotency-Key: k\r\n${event}${line}Content-Length: 1\r\n\r\nv`
    return (await connect().write(head).response()).status
  }

  const lines = ['', 'X-Other: a\r\n', 'ce-x: a\r\n', 'Content-Type: a/b\r\n']
  const statuses: number[] = []
  for (const line of lines) statuses.push(await send(line))

  expect(statuses).toEqual([200, 200, 422, 422])
  expect(producer.records).toHaveLength(1)
})
