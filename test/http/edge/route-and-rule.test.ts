import { describe, expect, it } from 'vitest'
import type { Gate, WholeBodyRoute } from '../../../src/http/edge/route.ts'
import { ProxyError } from '../../../src/base/errors.ts'
import { PUSH_DIALECTS } from '../../../src/http/push/push-dialect.ts'
import { beginJson } from '../../../src/http/reply.ts'
import type { AdmissionRule } from '../../../src/ingest/admission-rule.ts'
import { Ingest } from '../../../src/ingest/ingest.ts'
import { deliveryError, RDKAFKA } from '../../../src/producer/delivery-errors.ts'
import { FakeProducer } from '../../support/fake-producer.ts'
import { serveRoutes } from '../../support/http-edge.ts'
import { record } from '../../support/producer-harness.ts'

const FORBIDDEN = deliveryError(RDKAFKA.topicAuthorizationFailed)

// All that an API with permissions needs: a rule, a gate, a route.
const rule: AdmissionRule = {
  check: (records, call) => {
    for (const [index, { topic }] of records.entries()) {
      if (topic !== call.principal.name) call.refused(index, FORBIDDEN)
    }
    return undefined
  },
}
const gate: Gate = (_, { headers: { authorization = '' } }) =>
  authorization.startsWith('Bearer ')
    ? { principal: { name: authorization.slice('Bearer '.length) } }
    : { code: 'TOPIC_FORBIDDEN', message: 'send a token' }
const routeTo = (ingest: Ingest): WholeBodyRoute => ({
  ...{
    name: 'raw',
    method: 'POST',
    path: '/topics/:topic/raw',
    access: 'produce',
    dialect: PUSH_DIALECTS.readme,
  },
  body: 'whole',
  answer: async ({ params: { topic = '' }, principal, key, response, requestId }, { bytes }) => {
    const records = [record(bytes.toString(), { topic })]
    const call = ingest.submit(records, {
      ...{ principal, key, trace: undefined, waitsForDelivery: true },
    })
    await call.done
    if (call.failures) throw new ProxyError('TOPIC_FORBIDDEN', 'the rule refuses it')
    beginJson(response, requestId, 200, '{}')
    response.end('{}')
    return 200
  },
})

/** Ways to write the path of a topic. */
const spellings = (topic: string): string[] => [
  ...[`/topics/${topic}/raw`, `/topics/${topic}/raw/`, `/topics/${topic}/raw?x`],
  ...[
    `http://h/topics/${topic}/raw`,
    `/topics/%${topic.charCodeAt(0).toString(16)}${topic.slice(1)}/raw`,
  ],
  ...[`//topics/${topic}/raw`, `/./topics/${topic}/raw`, `/topics/${topic}//raw`],
  ...[`/topics/x/../${topic}/raw`, `/topics/${topic}%2Fraw`, `/TOPICS/${topic}/raw`],
]
const post = (path: string, token?: string): string => {
  const authorization = token === undefined ? '' : `Authorization: Bearer ${token}\r\n`
  return `POST ${path} HTTP/1.1\r\nHost: h\r\n${authorization}Content-Length: 1\r\n\r\nx`
}

async function serve(): Promise<{
  producer: FakeProducer
  send: (request: string) => Promise<number>
}> {
  const producer = new FakeProducer()
  const ingest = new Ingest({ producer, rules: [rule], deliveryTimeoutMs: 1_000, roomWaitMs: 0 })
  const { connect } = await serveRoutes([routeTo(ingest)], { gate })
  const send = async (request: string): Promise<number> =>
    (await connect().write(request).response()).status
  return { producer, send }
}

describe('a new route with a new rule', () => {
  it('produces what both the gate and the rule let through', async () => {
    const { producer, send } = await serve()

    expect(await send(post('/topics/tea/raw', 'tea'))).toBe(200)
    expect(producer.records.map(({ topic }) => topic)).toEqual(['tea'])
  })

  it.each(spellings('tea'))('is not reached around the gate by %s', async (path) => {
    const { producer, send } = await serve()

    expect([403, 404]).toContain(await send(post(path)))
    expect(producer.calls).toBe(0)
  })

  it.each(spellings('tea'))('produces nothing that the rule refuses, by %s', async (path) => {
    const { producer, send } = await serve()

    expect([403, 404]).toContain(await send(post(path, 'coffee')))
    expect(producer.calls).toBe(0)
  })

  it('answers 403 for the gate and for the rule where the path is that of the route', async () => {
    const { send } = await serve()

    expect(await send(post('/topics/%74ea/raw?x'))).toBe(403)
    expect(await send(post('/topics/%74ea/raw?x', 'coffee'))).toBe(403)
    expect(await send(post('/topics/%74ea/raw?x', 'tea'))).toBe(200)
  })
})
