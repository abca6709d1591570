import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { largestReplyBytes } from '../../src/http/push/record-elements.ts'
import { deliveryError, RDKAFKA } from '../../src/producer/delivery-errors.ts'
import {
  createEdge,
  DEFAULT_SETTINGS,
  type Edge,
  type EdgeOverrides,
  parseReply,
  type PushReply,
} from '../support/http-edge.ts'

const createLenientEdge = (overrides: EdgeOverrides = {}): Edge =>
  createEdge({
    settings: { ...DEFAULT_SETTINGS, invalidRecords: 'refuse_record' },
    ...overrides,
  })
const record = (data: unknown): object => ({ topic: 'orders', data })
const BAD_TOPIC = { topic: 'a b', data: 'x' }
const TAKEN = { status: 'ok', error: '' }
const refused = (number: number, text: unknown = expect.any(String)): object => ({
  ...{ status: 'error', error: text, message: text, error_code: number, outcome: 'not_persisted' },
})

async function push(
  { app }: Edge,
  body: object,
): Promise<{ status: number; text: string; reply: PushReply }> {
  const { status, text } = await request(app).post('/push').send(body)
  return { status, text, reply: parseReply({ body: text }) }
}

describe('http.invalid_records: refuse_record', () => {
  it.each([true, false])(
    'has the others produced, and the error of each in its place, where wait_for_send is %s',
    async (waits) => {
      const edge = createLenientEdge()

      const { status, reply } = await push(edge, {
        records: [record('a'), BAD_TOPIC, record('b'), record(5), record('c')],
        wait_for_send: waits,
      })

      expect(status).toBe(422)
      expect(reply.errors).toEqual([TAKEN, refused(42206), TAKEN, refused(42207), TAKEN])
      expect(reply.error_code).toBe(42206)
      expect(reply.message).toMatch(/^records\[1\]: topic must be /)
      expect(edge.producer.records.map(({ value }) => value)).toEqual(['a', 'b', 'c'])
      expect(edge.producer.calls).toBe(1)
    },
  )

  it.each([
    ['a field of the wrong type', { key: 5 }, 42207],
    ['no data', { data: undefined }, 42207],
    ['a partition that is no number', { partition: 'x' }, 42204],
    ['a timestamp in seconds', { timestamp: 1_700_000_000 }, 42209],
    ['bytes that are not base64', { encoding: 'base64', data: '?' }, 42205],
    ['half of a surrogate pair', { data: '\ud83d' }, 40005],
    ['headers of numbers', { headers: { a: 1 } }, 42208],
    ['a field named constructor', { constructor: 1 }, 42210],
  ])('refuses a record with %s alone', async (_, fields, number) => {
    const edge = createLenientEdge()

    const { reply } = await push(edge, { records: [{ ...record('x'), ...fields }, record('a')] })

    expect(reply.errors).toEqual([refused(number), TAKEN])
    expect(edge.producer.records).toHaveLength(1)
  })

  it('tells the fate of each record when others fail, with the status that comes first in the table', async () => {
    const edge = createLenientEdge()
    const error = deliveryError(RDKAFKA.queueFull)
    edge.producer.refuseNth(1, error)

    const { status, reply } = await push(edge, {
      records: [BAD_TOPIC, record('a'), record('b'), BAD_TOPIC, record('c')],
      wait_for_send: true,
      return_offsets: true,
    })

    expect(status).toBe(503)
    expect(reply.message).toBe(`records[2]: ${error.text}`)
    expect(reply.errors).toEqual([
      ...[refused(42206), TAKEN, refused(-184, error.text), refused(42206), TAKEN],
    ])
    expect(reply.offsets).toEqual([
      ...[null, expect.objectContaining({ offset: '0' }), null, null],
      expect.objectContaining({ offset: '1' }),
    ])
  })

  it('logs the topic of the record that decided the status, not of another with the same problem', async () => {
    const edge = createLenientEdge()
    const old = (topic: string): object => ({ topic, data: 'x', timestamp: 1_700_000_000 })

    await push(edge, { records: [record('a'), old('first'), old('second')], wait_for_send: true })
    await push(edge, { records: [record('a'), BAD_TOPIC, old('first')] })

    expect(edge.log.lines).toMatchObject([
      { msg: 'push refused', fields: { error_code: 42209, topic: 'first' } },
      { msg: 'push refused', fields: { error_code: 42206, topic: undefined } },
    ])
  })

  it('produces nothing of a push of invalid records alone', async () => {
    const edge = createLenientEdge()

    const { status, reply } = await push(edge, { records: [BAD_TOPIC], wait_for_send: true })

    expect(status).toBe(422)
    expect(reply.errors).toEqual([refused(42206)])
    expect(edge.producer.records).toEqual([])
  })

  it.each([
    ['records are missing', { wait_for_send: true }, 422],
    ['wait_for_send is no boolean', { records: [record('a')], wait_for_send: 1 }, 422],
    ['there are too many records', { records: new Array(101).fill(record('a')) }, 413],
    [
      'there are too many topics',
      { records: Array.from({ length: 60 }, (_, n) => ({ topic: `t${n}`, data: '' })) },
      413,
    ],
  ])('still refuses a push as a whole where %s', async (_, body, expected) => {
    const edge = createLenientEdge()

    const { status, reply } = await push(edge, body)

    expect(status).toBe(expected)
    expect(reply.errors).toHaveLength(1)
    expect(edge.producer.calls).toBe(0)
  })

  it('counts an invalid record once as received and once as rejected, by its error code', async () => {
    const edge = createLenientEdge()

    await push(edge, { records: [record('a'), BAD_TOPIC, record(5)], wait_for_send: true })

    expect(edge.metrics.received).toEqual([['sync', 'orders']])
    expect(edge.metrics.invalid).toEqual([
      ['sync', 'INVALID_TOPIC'],
      ['sync', 'INVALID_RECORD'],
    ])
  })

  it('has room reserved for the longest texts, which quote a name', async () => {
    const settings: EdgeOverrides['settings'] = {
      ...DEFAULT_SETTINGS,
      invalidRecords: 'refuse_record',
      unknownFields: 'reject',
      maxRecordsPerRequest: 1_000,
      maxBodyBytes: 1_000_000,
    }
    const edge = createEdge({ settings })
    const worst = { ['"'.repeat(64)]: 1 }

    const { text } = await push(edge, { records: new Array(1_000).fill(worst) })

    expect(largestReplyBytes(1_000, undefined, 1_000)).toBeGreaterThan(text.length)
  })
})

describe('http.invalid_records: refuse_request', () => {
  it('counts no record of a push with an invalid one', async () => {
    const edge = createEdge()

    const { status } = await push(edge, { records: [record('a'), BAD_TOPIC] })

    expect(status).toBe(422)
    expect(edge.metrics.received).toEqual([])
    expect(edge.metrics.invalid).toEqual([])
    expect(edge.producer.calls).toBe(0)
  })
})
