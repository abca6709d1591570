import { describe, expect, it } from 'vitest'
import { pushBody, rawPush, serveEdge } from '../support/http-edge.ts'

const get = (path: string, method = 'GET'): string =>
  `${method} ${path} HTTP/1.1\r\nHost: h\r\n\r\n`

/** A push to another path. */
const toPath = (path: string, body: string, headers = {}): string =>
  rawPush(body, headers).toString().replace('/push', path)

describe('each request is counted once', () => {
  it.each([
    ['a push', rawPush(pushBody()), 'POST /push 200'],
    ['a push with a query', toPath('/push?x=1', pushBody()), 'POST /push 200'],
    ['a push that is no JSON', rawPush('{'), 'POST /push 400'],
    ['a path with a topic, by its pattern', get('/topics/invented'), 'GET /topics/:topic 404'],
    ['a path that a client made up', get('/invented'), 'GET 404'],
    ['a method that the path does not take', get('/push', 'DELETE'), 'DELETE 405'],
    ['a preflight', get('/push', 'OPTIONS'), 'OPTIONS 204'],
    ['a head that is refused before its path is looked at', get('/%zz'), 'GET 400'],
  ])('%s', async (_, request, expected) => {
    const { connect, metrics } = await serveEdge()
    await connect().write(request).response()

    expect(metrics.requests.answers).toEqual([expected])
    expect(metrics.requests.inFlight).toBe(0)
  })

  it('with the size of its body, whether it is read at once or as it arrives', async () => {
    const { connect, metrics } = await serveEdge()
    const lines = '{"data":"x"}\n'.repeat(3)
    await connect().write(rawPush(pushBody())).response()
    const ndjson = { 'Content-Type': 'application/x-ndjson' }
    await connect()
      .write(toPath('/topics/t/ndjson', lines, ndjson))
      .response()

    expect(metrics.requests.bodies).toEqual([pushBody().length, lines.length])
  })

  it('also one whose client has left, and while it is served it is in flight', async () => {
    const { connect, metrics, producer } = await serveEdge()
    producer.holdDelivery()
    const client = connect().write(rawPush(pushBody({}, { wait_for_send: true })))
    await producer.admitted(1)
    expect(metrics.requests.inFlight).toBe(1)
    producer.deliver()
    await client.response()

    expect(metrics.requests.inFlight).toBe(0)
  })
})
