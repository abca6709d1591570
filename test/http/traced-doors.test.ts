/** `http.propagate_trace`: through every door, records get the trace context of their request. */
import { describe, expect, it } from 'vitest'
import { idempotencyKeysOf, IdempotencyTable } from '../../src/ingest/idempotency-table.ts'
import type { ProducerRecord } from '../../src/producer/types.ts'
import { type Sent, serveDoor } from '../support/door.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { DEFAULT_SETTINGS, type EdgeOverrides } from '../support/http-edge.ts'

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const OTHER_PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203332-01'
const TRACE_LINES = [`Traceparent: ${PARENT}`, 'tracestate: a=1', 'tracestate: b=2']
const TRACE = [
  ['traceparent', PARENT],
  ['tracestate', 'a=1, b=2'],
]
const EVENT = '{"specversion":"1.0","id":"1","source":"/s","type":"t"}'
const BATCH_TYPE = 'application/cloudevents-batch+json; charset=utf-8'
const SETTINGS = { ...DEFAULT_SETTINGS, propagateTrace: true }
const HOOK = {
  ...{ path: '/hooks/a', topic: 't', keyFrom: undefined, verify: undefined },
  ...{ answersChallenge: false, waits: true },
}

interface DoorCase extends Sent {
  readonly target: string
  /** Of each record, before those of the trace. */
  readonly own: readonly (readonly (readonly [key: string, value: string])[])[]
}

const pushBody = (...records: readonly object[]): string =>
  JSON.stringify({ records: records.map((one) => ({ topic: 't', data: 'v', ...one })) })

const DOORS: Readonly<Record<string, DoorCase>> = {
  '/push': {
    target: '/push',
    headers: ['Content-Type: application/json'],
    body: pushBody({ headers: { a: '1' } }, {}),
    own: [[['a', '1']], []],
  },
  'raw bodies': {
    target: '/topics/t/raw?header.b=2',
    headers: ['Kafka-Header-A: 1', 'Content-Type: a/b'],
    body: 'v',
    own: [
      [
        ['A', '1'],
        ['content-type', 'a/b'],
        ['b', '2'],
      ],
    ],
  },
  'lines of JSON': { target: '/topics/t/ndjson', body: '1\n2\n', own: [[], []] },
  'lines with an envelope': {
    target: '/topics/t/ndjson?envelope=true',
    body: '{"data":"v","headers":{"a":"1"}}\n',
    own: [[['a', '1']]],
  },
  'events in binary mode': {
    target: '/topics/t/events',
    headers: [
      ...['ce-specversion: 1.0', 'ce-id: 1', 'ce-source: /s', 'ce-type: t'],
      `ce-traceparent: ${OTHER_PARENT}`,
    ],
    own: [
      [
        ['ce_specversion', '1.0'],
        ['ce_id', '1'],
        ['ce_source', '/s'],
        ['ce_type', 't'],
        ['ce_traceparent', OTHER_PARENT],
      ],
    ],
  },
  'events in batches': {
    target: '/topics/t/events',
    headers: [`Content-Type: ${BATCH_TYPE}`],
    body: `[${EVENT},${EVENT}]`,
    own: [
      [['content-type', 'application/cloudevents+json; charset=utf-8']],
      [['content-type', 'application/cloudevents+json; charset=utf-8']],
    ],
  },
  webhooks: {
    target: '/hooks/a',
    headers: ['Content-Type: a/b'],
    body: 'v',
    own: [[['content-type', 'a/b']]],
  },
  'the Confluent REST Proxy (v2)': {
    target: '/topics/t',
    headers: ['Content-Type: application/vnd.kafka.json.v2+json'],
    body: '{"records":[{"value":1},{"value":2}]}',
    own: [[], []],
  },
  'the Confluent REST Proxy (v3)': {
    target: '/v3/clusters/c/topics/t/records:batch',
    headers: ['Content-Type: application/json'],
    body: '{"entries":[{"id":"a","value":{"type":"JSON","data":1}}]}',
    own: [[]],
  },
}

const headersOf = ({ headers }: ProducerRecord) =>
  headers.map(({ key, value }) => [key, String(value)])

async function serve(overrides: EdgeOverrides = {}) {
  const webhooks = { list: [HOOK], onDenied: () => undefined }
  const door = await serveDoor({ settings: SETTINGS, webhooks, ...overrides })
  const sendTraced = (target: string, sent: Sent = {}, lines: readonly string[] = TRACE_LINES) =>
    door.send(target, { ...sent, headers: [...(sent.headers ?? []), ...lines] })
  const stored = () => door.edge.producer.records.map(headersOf)
  return { ...door, sendTraced, stored }
}

describe.each(Object.entries(DOORS))('through %s', (_, { target, own, ...sent }) => {
  it('the trace context is the end of the headers of each record', async () => {
    const { sendTraced, stored } = await serve()

    expect((await sendTraced(target, sent)).status).toBeOneOf([200, 207])

    expect(stored()).toEqual(own.map((headers) => [...headers, ...TRACE]))
  })

  it('a traceparent that is not valid costs no record', async () => {
    const { sendTraced, stored } = await serve()

    const { status } = await sendTraced(target, sent, ['traceparent: 00-1', 'tracestate: a=1'])

    expect(status).toBeOneOf([200, 207])
    expect(stored()).toEqual(own)
  })

  it('records get none by default', async () => {
    const { sendTraced, stored } = await serve({ settings: DEFAULT_SETTINGS })

    await sendTraced(target, sent)

    expect(stored()).toEqual(own)
  })
})

describe('a record keeps a traceparent of its own', () => {
  it.each<[string, string, Sent]>([
    [
      'in its headers',
      '/push',
      {
        headers: ['Content-Type: application/json'],
        body: pushBody({ headers: { traceparent: 'own' } }),
      },
    ],
    ['in the query', '/topics/t/raw?header.traceparent=own', {}],
    ['in a header of raw bodies', '/topics/t/raw', { headers: ['Kafka-Header-traceparent: own'] }],
    [
      'in the envelope of a line',
      '/topics/t/ndjson?envelope=true',
      { body: '{"data":"v","headers":{"traceparent":"own"}}\n' },
    ],
  ])('%s', async (_, target, sent) => {
    const { sendTraced, stored } = await serve()

    expect((await sendTraced(target, sent)).status).toBeOneOf([200, 207])

    expect(stored()).toEqual([[['traceparent', 'own']]])
  })

  it('while others of its request get that of the request', async () => {
    const { sendTraced, stored } = await serve()
    const body = pushBody({ headers: { traceparent: 'own' } }, {})

    await sendTraced('/push', { headers: ['Content-Type: application/json'], body })

    expect(stored()).toEqual([[['traceparent', 'own']], TRACE])
  })
})

it.each([
  ['both', ['traceparent', 'tracestate'], ['traceparent', 'tracestate', 'tracestate']],
  ['traceparent', ['Traceparent'], ['traceparent']],
  ['tracestate', ['tracestate'], ['tracestate', 'tracestate', 'traceparent']],
])('no header that http.raw.forward_headers forwards is added: %s', async (_, names, keys) => {
  const settings = { ...SETTINGS, raw: { forwardHeaders: names } }
  const { sendTraced, stored } = await serve({ settings })

  await sendTraced('/topics/t/raw')

  expect(stored().map((headers) => headers.map(([key]) => key))).toEqual([keys])
})

it.each(['/push', 'raw bodies', 'events in binary mode', 'the Confluent REST Proxy (v2)'])(
  'a push that is repeated with another traceparent is the same push: %s',
  async (name) => {
    const { target = '', own = [], ...sent } = DOORS[name] ?? {}
    const table = new IdempotencyTable({
      ...{ windowMs: 1_000, maxKeys: 10, unknownOutcome: 'replay' },
      onForgotten: () => undefined,
    })
    const idempotency = {
      keys: idempotencyKeysOf(table, new FakeClock()),
      observer: { replayed: () => undefined, conflicted: () => undefined },
    }
    const { sendTraced, stored } = await serve({ idempotency })

    const first = await sendTraced(target, sent, ['Idempotency-Key: k', ...TRACE_LINES])
    const second = await sendTraced(target, sent, [
      ...['Idempotency-Key: k', `traceparent: ${OTHER_PARENT}`],
    ])

    expect([first.status, second.status]).toEqual([200, 200])
    expect(second.headers.get('idempotency-replayed')).toBe('true')
    expect(stored()).toEqual(own.map((headers) => [...headers, ...TRACE]))
  },
)
