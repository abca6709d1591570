import { gzipSync } from 'node:zlib'
import { PassThrough } from 'node:stream'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import {
  compressed,
  HOSTILE_BODIES,
  LARGEST_BODY_BYTES,
  MOST_RECORDS,
} from '../../bench/hostile/bodies.ts'
import { ProxyError } from '../../src/base/errors.ts'
import { BodyReader } from '../../src/http/body.ts'
import { ByteBudget } from '../../src/http/byte-budget.ts'
import { JsonParser } from '../../src/http/parse-json.ts'
import { jsonLimits } from '../../src/http/push/json-limits.ts'
import { parsePush } from '../../src/http/push/parse-push.ts'
import { deliveryError, RDKAFKA } from '../../src/producer/delivery-errors.ts'
import { countWork } from '../support/count-work.ts'
import { ReadTurns } from '../../src/http/read-turns.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { pushBody, rawPush, serveEdge } from '../support/http-edge.ts'

const DEFAULTS = {
  maxBodyBytes: LARGEST_BODY_BYTES,
  maxCompressionRatio: 100,
  maxRecordsPerRequest: MOST_RECORDS,
  maxTopicsPerRequest: 1_000,
  unknownFields: 'ignore',
  allowOldTimestamps: false,
  invalidRecords: 'refuse_request',
  replies: 'readme',
} as const
/** How much more than a normal push a byte of anything else may cost. */
const MOST_TIMES = 20
const BUDGET = { maxBytes: 64 * 2 ** 20, stalledMs: 2_000, progressBytes: 16_384 }
// eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- nobody asks it to go on
const NO_RESPONSE: ServerResponse = {} as ServerResponse
const jsonParser = new JsonParser(jsonLimits(MOST_RECORDS))

/** Number of code blocks of the HTTP edge that run to check a body. */
function workOf(body: Buffer): Promise<number> {
  return countWork('/src/http/', () => {
    try {
      parsePush({ bytes: body, json: jsonParser.parse(body) }, DEFAULTS)
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error
    }
  })
}

const NORMAL_PUSH = Buffer.from(pushBody({ data: 'x'.repeat(100) }))

describe('a byte of the largest body', () => {
  it.each(HOSTILE_BODIES)(
    'of $name takes no more than 20 x the work of one of a push',
    async ({ make }) => {
      const normal = (await workOf(NORMAL_PUSH)) / NORMAL_PUSH.length
      const body = make()

      const hostile = (await workOf(body)) / body.length

      expect(hostile).toBeLessThan(MOST_TIMES * normal)
    },
  )
})

describe('a body that is refused for its structure', () => {
  it.each([
    'open brackets',
    'empty arrays',
    'empty objects',
    'headers of one record',
    'different names',
  ])('of %s is read no further than to what is too much', async (name) => {
    const body = HOSTILE_BODIES.find((one) => one.name === name)?.make() ?? Buffer.alloc(0)

    expect(await workOf(body)).toBeLessThan(body.length / 4)
  })
})

describe('a compressed body', () => {
  it.each(HOSTILE_BODIES)(
    'of $name takes memory in proportion to what was sent',
    async ({ make, name }) => {
      const { body } = compressed({ make, name })
      const budget = new ByteBudget({ ...BUDGET, clock: new FakeClock() })
      const reader = new BodyReader(
        { maxBytes: LARGEST_BODY_BYTES, maxRatio: 100 },
        budget,
        new ReadTurns(new FakeClock()),
      )
      const request = Object.assign(new PassThrough(), {
        headers: { 'content-encoding': 'gzip' },
        httpVersionMinor: 1,
        socket: { remoteAddress: '192.0.2.1' },
      }) as unknown as IncomingMessage & PassThrough
      const reading = reader.read(request, NO_RESPONSE).catch(() => undefined)

      request.end(body)
      const held = await reading

      expect(held?.bytes.length ?? 0).toBeLessThanOrEqual(Math.max(131_072, 100 * body.length))
    },
  )
})

describe('the reply to a push', () => {
  it('of thousands of invalid records is hardly larger than the push', async () => {
    const { connect } = await serveEdge({ settings: DEFAULTS })
    const push = `{"records":[${new Array<string>(6_800).fill('{}').join()}]}`

    const { body } = await connect().write(rawPush(push)).response()

    expect(body.length).toBeLessThan(1.5 * push.length)
  })

  it('of as many records as there may be is bounded, whatever becomes of them', async () => {
    const { connect, producer } = await serveEdge({ settings: DEFAULTS })
    producer.refuseNext(MOST_RECORDS, deliveryError(RDKAFKA.queueFull))
    const record = '{"topic":"t","data":""}'
    const push = `{"records":[${new Array<string>(MOST_RECORDS).fill(record).join()}]}`

    const { body } = await connect()
      .write(rawPush(gzipSync(push), { 'Content-Encoding': 'gzip' }))
      .response()

    expect(body.length).toBeLessThan(5 * push.length)
  })

  it.each([1_000, MOST_RECORDS])(
    'of which %i records fail takes the same work for each',
    async (count) => {
      const { connect, producer } = await serveEdge({ settings: DEFAULTS })
      const record = '{"topic":"t","data":""}'
      const client = connect()
      const push = (records: number): Promise<unknown> => {
        producer.refuseNext(records, deliveryError(RDKAFKA.queueFull))
        const body = `{"records":[${new Array<string>(records).fill(record).join()}]}`
        return client.write(rawPush(body)).response()
      }
      await push(100)

      const few = await countWork('/src/http/', async () => {
        await push(500)
      })
      const many = await countWork('/src/http/', async () => {
        await push(count)
      })

      expect(many / count).toBeLessThan((2 * few) / 500)
    },
  )
})
