/** `/topics/{topic}/events`: CloudEvents in the three modes of HTTP. */
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { deliveryError, RDKAFKA } from '../../../src/producer/delivery-errors.ts'
import { PAGE, type Sent, serveDoor as serve } from '../../support/door.ts'
import { DEFAULT_SETTINGS } from '../../support/http-edge.ts'

const TARGET = '/topics/orders/events'
const ATTRIBUTES = ['ce-specversion: 1.0', 'ce-id: 1', 'ce-source: /s', 'ce-type: t']
const STRUCTURED = ['Content-Type: application/cloudevents+json']
const BATCH = ['Content-Type: application/cloudevents-batch+json']
const EVENT = '{"specversion":"1.0","id":"1","source":"/s","type":"t","partitionkey":"k","data":1}'
const OTHER = EVENT.replace('"k"', '"k2"')
const INVALID = EVENT.replace('"1.0"', '"0.3"')

const batch = (...events: string[]): Sent => ({ headers: BATCH, body: `[${events.join(',')}]` })

describe('an event in binary mode', () => {
  it('is one record: its attributes are headers, its data the value, byte for byte', async () => {
    const { recordOf } = await serve()
    const body = Buffer.from([0, 255, 10, 13, 0x80])

    const record = await recordOf(TARGET, {
      body,
      headers: [...ATTRIBUTES, 'ce-partitionkey: k%20%C3%A9', 'Content-Type: a/b', 'X-Other: 1'],
    })

    expect(record).toEqual({
      ...{ topic: 'orders', key: 'k é', value: body, partition: undefined, timestampMs: undefined },
      headers: [
        { key: 'ce_specversion', value: '1.0' },
        { key: 'ce_id', value: '1' },
        { key: 'ce_source', value: '/s' },
        { key: 'ce_type', value: 't' },
        { key: 'ce_partitionkey', value: 'k é' },
        { key: 'content-type', value: Buffer.from('a/b') },
      ],
    })
  })

  it('without data has an empty value, and is no tombstone', async () => {
    const { recordOf } = await serve()

    expect(await recordOf(TARGET, { headers: ATTRIBUTES })).toMatchObject({
      ...{ key: null, value: Buffer.alloc(0) },
    })
  })

  it('is decompressed before', async () => {
    const { recordOf } = await serve()
    const headers = [...ATTRIBUTES, 'Content-Encoding: gzip']

    const record = await recordOf(TARGET, { headers, body: gzipSync('plain') })

    expect(String(record.value)).toBe('plain')
  })
})

describe('an event in structured mode', () => {
  it.each([
    ['as it is', EVENT],
    [
      'with white space, numbers and escapes',
      EVENT.replace('1}', '[1e400, 12345678901234567890,\n"\\u00e9é"] }\n'),
    ],
  ])('is one record, whose value is the event, byte for byte: %s', async (_, body) => {
    const { recordOf } = await serve()

    const record = await recordOf(TARGET, { headers: [...STRUCTURED, 'ce-id: other'], body })

    expect({ ...record, value: String(record.value) }).toEqual({
      ...{ topic: 'orders', key: 'k', value: body, partition: undefined, timestampMs: undefined },
      headers: [{ key: 'content-type', value: Buffer.from('application/cloudevents+json') }],
    })
  })

  it('loses a byte order mark, which is no part of it', async () => {
    const { recordOf } = await serve()

    const record = await recordOf(TARGET, { headers: STRUCTURED, body: `\ufeff${EVENT}` })

    expect(String(record.value)).toBe(EVENT)
  })
})

describe('a batch of events', () => {
  it('is a record in structured mode for each, with its own bytes', async () => {
    const { edge, send } = await serve()
    const spaced = ` ${OTHER.replace('"data":1', '"data" : [12345678901234567890, "],["]')}\n`

    const { status } = await send(TARGET, batch(EVENT, spaced))

    expect(status).toBe(200)
    const headers = [{ key: 'content-type', value: 'application/cloudevents+json; charset=utf-8' }]
    expect(edge.producer.records).toMatchObject([
      { topic: 'orders', key: 'k', value: EVENT, headers },
      { topic: 'orders', key: 'k2', value: spaced.trim(), headers },
    ])
  })

  it('may be empty', async () => {
    const { edge, send } = await serve()

    expect(await send(TARGET, batch())).toMatchObject({ status: 200, reply: { status: 'ok' } })
    expect(edge.producer.records).toEqual([])
  })

  it('with an invalid event is refused as a whole, and the reply says where that is', async () => {
    const { edge, send } = await serve()

    const answer = await send(TARGET, batch(EVENT, INVALID))

    expect(answer).toMatchObject({
      status: 422,
      reply: {
        ...{ status: 'error', error_code: 42207 },
        message:
          'events[1]: specversion must be 1.0: events of other versions of CloudEvents are not taken',
        errors: [{ error_code: 42211 }, { error_code: 42207, outcome: 'not_persisted' }],
      },
    })
    expect(edge.producer.records).toEqual([])
  })

  it('with an invalid event loses only that one where http.invalid_records says so', async () => {
    const { edge, send } = await serve({
      settings: { ...DEFAULT_SETTINGS, invalidRecords: 'refuse_record' },
    })

    expect(await send(TARGET, batch('1', EVENT, OTHER))).toMatchObject({
      status: 422,
      reply: {
        message: 'events[0]: an event must be a JSON object',
        errors: [{ error_code: 42207 }, { status: 'ok' }, { status: 'ok' }],
      },
    })
    expect(edge.producer.records.map(({ value }) => value)).toEqual([EVENT, OTHER])
  })

  it('says which event Kafka did not take', async () => {
    const { edge, send } = await serve()
    edge.producer.refuseNext(1, deliveryError(RDKAFKA.queueFull))

    const { status, reply } = await send(TARGET, batch(EVENT, OTHER))

    expect(status).toBe(503)
    expect(reply).toMatchObject({
      message: expect.stringMatching(/^events\[0\]: Message production error/) as string,
    })
  })

  it('of more than http.max_records_per_request is refused', async () => {
    const { send } = await serve({ settings: { ...DEFAULT_SETTINGS, maxRecordsPerRequest: 1 } })

    expect(await send(TARGET, batch(EVENT, OTHER))).toMatchObject({
      status: 413,
      reply: { error_code: 41303 },
    })
  })
})

it('a batch of as many events as allowed always finds room for the reply that it asks for', async () => {
  const maxRecordsPerRequest = 12_000
  const { send } = await serve({
    settings: { ...DEFAULT_SETTINGS, maxBodyBytes: 2 ** 20, maxRecordsPerRequest },
    replyBytesInFlight: 1,
  })
  const small = '{"specversion":"1.0","id":"1","source":"/","type":"t"}'
  const events = Array.from({ length: maxRecordsPerRequest }, () => small)

  const { status, reply } = await send(
    `/topics/${'t'.repeat(249)}/events?wait=true`,
    batch(...events),
  )

  expect(status).toBe(200)
  expect(reply).toHaveProperty('offsets.length', maxRecordsPerRequest)
})

describe('the query', () => {
  it.each<[string, Sent, number]>([
    ['in binary mode', { headers: ATTRIBUTES }, 1],
    ['in structured mode', { headers: STRUCTURED, body: EVENT }, 1],
    ['in batch mode', batch(EVENT, OTHER), 2],
  ])('with wait=true has the reply say where each record is, %s', async (_, sent, count) => {
    const { send } = await serve()

    const { status, reply } = await send(`${TARGET}?wait=true`, sent)

    expect(status).toBe(200)
    expect(reply).toMatchObject({
      offsets: Array.from({ length: count }, (_one, offset) => ({
        ...{ topic: 'orders', partition: 0, offset: String(offset) },
      })),
    })
  })

  it('is looked at for misspelt names', async () => {
    const { send } = await serve()

    const { status, headers } = await send(`${TARGET}?wait_for_send=true`, { headers: ATTRIBUTES })

    expect(status).toBe(200)
    expect(headers.get('kprf-warning')).toBe(
      'unknown field "wait_for_send" is ignored: did you mean "wait"?',
    )
  })
})

describe('a request that is refused', () => {
  it.each<[string, string, Sent, number, number]>([
    [
      'a topic that Kafka does not allow',
      '/topics/a%20b/events',
      { headers: ATTRIBUTES },
      422,
      42206,
    ],
    ['an unknown switch', `${TARGET}?wait=1`, { headers: ATTRIBUTES }, 422, 42201],
    ['a parameter twice', `${TARGET}?wait=true&wait=true`, { headers: ATTRIBUTES }, 422, 42212],
    ['a query that is no UTF-8', `${TARGET}?a=%FF`, { headers: ATTRIBUTES }, 400, 40005],
    ['no event', TARGET, { body: '{}', headers: ['Content-Type: application/json'] }, 415, 41501],
    ['nothing at all', TARGET, {}, 415, 41501],
    [
      'a format that kprf cannot read',
      TARGET,
      { headers: ['Content-Type: application/cloudevents+xml'] },
      415,
      41501,
    ],
    ['an attribute twice', TARGET, { headers: [...ATTRIBUTES, 'CE-ID: 1'] }, 422, 42212],
    [
      'two types',
      TARGET,
      { headers: [...ATTRIBUTES, 'Content-Type: a/b', 'Content-Type: a/b'] },
      422,
      42212,
    ],
    ['a missing attribute', TARGET, { headers: ATTRIBUTES.slice(1) }, 422, 42207],
    [
      'an attribute that is no UTF-8',
      TARGET,
      { headers: [...ATTRIBUTES, 'ce-x: %FF'] },
      400,
      40005,
    ],
    ['an empty body in structured mode', TARGET, { headers: STRUCTURED }, 400, 40003],
    ['no JSON', TARGET, { headers: STRUCTURED, body: '{' }, 400, 40001],
    [
      'bytes that are no UTF-8',
      TARGET,
      { headers: STRUCTURED, body: Buffer.from([0x22, 0xff, 0x22]) },
      400,
      40002,
    ],
    [
      'a name twice',
      TARGET,
      { headers: STRUCTURED, body: EVENT.replace('data', 'id') },
      422,
      42212,
    ],
    [
      'an array in structured mode',
      TARGET,
      { headers: STRUCTURED, body: `[${EVENT}]` },
      422,
      42207,
    ],
    ['an object in batch mode', TARGET, { headers: BATCH, body: EVENT }, 422, 42201],
    ['JSON that is too deep', TARGET, { headers: BATCH, body: '['.repeat(100) }, 422, 42202],
    ['a method', TARGET, { method: 'PUT', headers: ATTRIBUTES }, 405, 40500],
    [
      'a body that is too large',
      TARGET,
      { headers: ATTRIBUTES, body: Buffer.alloc(2 ** 20) },
      413,
      41301,
    ],
    [
      'what a page sends without asking',
      TARGET,
      { headers: ['Origin: https://x', 'Content-Type: text/plain'] },
      415,
      41501,
    ],
  ])('for %s produces nothing and says so', async (_, target, sent, status, errorCode) => {
    const { edge, send } = await serve()

    const answer = await send(target, sent)

    expect(answer).toMatchObject({ status, reply: { status: 'error', error_code: errorCode } })
    expect(edge.producer.records).toEqual([])
  })

  it('quotes nothing of an event but names', async () => {
    const { edge, send } = await serve()
    const canary = 'c4n4ry'
    const bodies = [`{"id":"${canary}`, `{"specversion":"${canary}"}`, EVENT.replace('1.0', canary)]
    const headers = [`ce-time: ${canary}`, `ce-specversion: ${canary}`, `ce-id: ${canary}%FF`]

    const answers = [
      ...(await Promise.all(bodies.map((body) => send(TARGET, { headers: STRUCTURED, body })))),
      ...(await Promise.all(headers.map((line) => send(TARGET, { headers: [line] })))),
    ]

    expect(JSON.stringify(answers)).not.toContain(canary)
    expect(JSON.stringify(edge.log.lines)).not.toContain(canary)
  })
})

it('a page of a listed origin may send events', async () => {
  const { recordOf } = await serve()

  const headers = [...ATTRIBUTES, `Origin: ${PAGE}`, 'Content-Type: text/plain']
  expect(await recordOf(TARGET, { body: 'v', headers })).toMatchObject({ topic: 'orders' })
})
