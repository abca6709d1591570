import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { PLAIN } from '../../../src/http/edge/dialect.ts'
import { Edge } from '../../../src/http/edge/edge.ts'
import type { Gate, Route } from '../../../src/http/edge/route.ts'
import { createRouter } from '../../../src/http/edge/router.ts'
import { HttpServer } from '../../../src/http/http-server.ts'
import { beginJson } from '../../../src/http/reply.ts'
import { createRequestIds } from '../../../src/http/request-id.ts'
import { FakeHttpLog } from '../../support/http-edge.ts'
import { RawClient } from '../../support/raw-client.ts'

/** A route and a rule that are new: this is all that it takes. */
const topics: Route = {
  method: 'POST',
  path: '/topics/:topic',
  access: 'produce',
  dialect: PLAIN,
  answer: ({ response, requestId }) => {
    beginJson(response, requestId, 200, '{}')
    response.end('{}')
    return 200
  },
}
const onlyWithToken: Gate = ({ access }, { headers }) =>
  access === 'open' || headers.authorization === 'Bearer t'
    ? undefined
    : { code: 'RATE_LIMITED', message: 'not without a token' }

async function serve(gate: Gate): Promise<(target: string, headers?: string) => Promise<number>> {
  const log = new FakeHttpLog()
  const requestIds = createRequestIds(systemClock)
  const metrics = { observePush: (): void => undefined }
  const edge = new Edge({ gate, requestIds, metrics, log, clock: systemClock })
  const push: Route = { ...topics, path: '/push' }
  const app = createRouter({ routes: [topics, push], edge, requestIds, log })
  const server = new HttpServer({ app, clock: systemClock, log })
  await server.listen(0, '127.0.0.1')
  onTestFinished(() => server.close())
  return async (target, headers = '') => {
    const client = new RawClient(server.address.port)
    onTestFinished(() => {
      client.destroy()
    })
    client.write(`POST ${target} HTTP/1.1\r\nHost: h\r\n${headers}Content-Length: 0\r\n\r\n`)
    return (await client.response()).status
  }
}

const SPELLINGS = [
  ...['/push', '/push?', '/push?x', '/push?/topics/t', '/push/', '/push/?x', 'http://h/push'],
  ...['/%70ush', '/pus%68', '/push%2F', '/push%3Fx', '//push', '/./push', '/x/../push', '/PUSH'],
  ...['/push#x', '/push;x', '/push/.', '/push//', '/push\\', '/push%00', '*'],
  ...['/topics/t', '/topics/t?', '/topics/t/', '/topics/%74', '/topics/a%2Fb', '/topics//t'],
  ...['/Topics/t', '/topics/..', '/topics/../push', 'http://h/topics/t', '/topics/t;x', '/topics/'],
]

describe('the gate', () => {
  it.each(SPELLINGS)('is not gone around by POST %s', async (target) => {
    const refuses = await serve(onlyWithToken)

    expect(await refuses(target)).not.toBe(200)
  })

  it.each(['/push', '/push?x', '/push/', 'http://h/push', '/topics/t', '/topics/%74?x'])(
    'lets POST %s through that it has nothing against, and stops it without a token',
    async (target) => {
      const post = await serve(onlyWithToken)

      expect(await post(target, 'Authorization: Bearer t\r\n')).toBe(200)
      expect(await post(target)).toBe(429)
    },
  )

  it('is asked once for each request, before anything of the body is read', async () => {
    const asked: string[] = []
    const post = await serve(({ path }, request) => {
      asked.push(`${path} ${String(request.readableDidRead)}`)
      return undefined
    })

    await post('/push')
    await post('/push?x')
    await post('/topics/t')

    expect(asked).toEqual(['/push false', '/push false', '/topics/:topic false'])
  })

  it('that throws lets nothing through', async () => {
    const post = await serve(() => {
      throw new Error('a bug')
    })

    expect([await post('/push'), await post('/topics/t')]).toEqual([500, 500])
  })
})
