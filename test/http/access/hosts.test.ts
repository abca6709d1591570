/** Requests for a host that `http.hosts` does not list are refused, before anything else is done. */
import { describe, expect, it } from 'vitest'
import { AllowedHosts } from '../../../src/http/access/allowed-hosts.ts'
import { pushBody, serveEdge } from '../../support/http-edge.ts'

const BODY = pushBody()
const sized = `Content-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`

describe('a request', () => {
  it.each([
    ['POST /push HTTP/1.1\r\nHost: kprf.example:80\r\n', 200],
    ['POST http://kprf.example/push HTTP/1.1\r\nHost: kprf.example\r\n', 200],
    ['POST /push HTTP/1.0\r\nHost: KPRF.example\r\n', 200],
    ['POST /push HTTP/1.1\r\nHost: evil.example\r\n', 421],
    ['POST http://evil.example/push HTTP/1.1\r\nHost: evil.example\r\n', 421],
    ['POST http://evil.example/push HTTP/1.1\r\nHost: kprf.example\r\n', 421],
    ['POST http://kprf.example/push HTTP/1.1\r\nHost: evil.example\r\n', 421],
    ['POST /push HTTP/1.1\r\nHost:\r\n', 421],
    ['POST /push HTTP/1.0\r\n', 421],
    ['POST http://kprf.example/push HTTP/1.0\r\n', 421],
    ['POST /push HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: kprf.example\r\n', 421],
    ['GET /nothing HTTP/1.1\r\nHost: evil.example\r\n', 421],
    ['OPTIONS /push HTTP/1.1\r\nHost: evil.example\r\n', 421],
    ['POST /push HTTP/1.1\r\nHost: kprf.example\r\nHost: evil.example\r\n', 400],
  ])('%j gets %i', async (head, status) => {
    const hosts = new AllowedHosts(['kprf.example'])
    const { connect, producer } = await serveEdge({}, {}, { hosts })

    const reply = await connect().write(`${head}${sized}`).response()

    expect(reply.status).toBe(status)
    expect(producer.records).toHaveLength(status === 200 ? 1 : 0)
  })

  it('that waits for 100 Continue is refused instead, with its own error code', async () => {
    const { connect } = await serveEdge({}, {}, { hosts: new AllowedHosts(['kprf.example']) })
    const head =
      'POST /push HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n'

    const reply = await connect().write(head).response()

    expect([reply.status, reply.headers.get('connection')]).toEqual([421, 'close'])
    expect(JSON.parse(reply.body)).toMatchObject({ status: 'error', error_code: 42101 })
  })
})
