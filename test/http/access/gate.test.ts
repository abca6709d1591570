/** Every route, however its path is written, is behind the gate; credentials are checked before the body is read. */
import { describe, expect, it } from 'vitest'
import { Authenticator } from '../../../src/http/access/authenticator.ts'
import { tokenHash, TokenTable } from '../../../src/http/access/token-table.ts'
import { serveEdge } from '../../support/http-edge.ts'

const BODY = JSON.stringify({ records: [{ topic: 't', data: 'd' }], wait_for_send: false })

const TOKEN = 'kprf_good'
const basic = (password: string): string => Buffer.from(`u:${password}`).toString('base64')

/** Header lines, and whether they let a request in. */
const CREDENTIALS: readonly (readonly [headers: string, isIn: boolean])[] = [
  [`Authorization: Bearer ${TOKEN}\r\n`, true],
  [`authorization:bearer ${TOKEN}\r\n`, true],
  [`Authorization: Basic ${basic(TOKEN)}\r\n`, true],
  ['', false],
  ['Authorization:\r\n', false],
  ['Authorization: Bearer\r\n', false],
  ['Authorization: Bearer nonsense\r\n', false],
  [`Authorization: Bearer ${TOKEN}x\r\n`, false],
  [`Authorization: Bearer ${TOKEN.toUpperCase()}\r\n`, false],
  [`Authorization: Bearer ${TOKEN} x\r\n`, false],
  [`Authorization: ${TOKEN}\r\n`, false],
  [`Authorization: Token ${TOKEN}\r\n`, false],
  [`Authorization: Basic ${TOKEN}\r\n`, false],
  [`Authorization: Basic ${basic('nonsense')}\r\n`, false],
  [`Authorization: Basic ${Buffer.from(TOKEN).toString('base64')}\r\n`, false],
  [`Authorization: Bearer ${TOKEN}\r\nAuthorization: Bearer ${TOKEN}\r\n`, false],
  [`Authorization: Bearer nonsense\r\nAuthorization: Bearer ${TOKEN}\r\n`, false],
  [`Proxy-Authorization: Bearer ${TOKEN}\r\n`, false],
  [`X-Authorization: Bearer ${TOKEN}\r\n`, false],
  [`Cookie: token=${TOKEN}\r\n`, false],
]

/** Every way to write the path of the route: those that reach it, and those that do not. */
const SPELLINGS = [
  ...['/push', '/push?', '/push?x=1', '/push/', '/push/?x', 'http://h/push', 'HTTP://h/push?'],
  ...['/%70ush', '//push', '/PUSH', '/push//', '/./push', '/x/../push', '/push%2f', '/push;x'],
  ...[`/push?access_token=${TOKEN}`, `/push?token=${TOKEN}`, `http://u:${TOKEN}@h/push`],
]
const METHODS = ['POST', 'PUT', 'GET', 'DELETE', 'PATCH', 'TRACE', 'OPTIONS']

async function serve() {
  const denied: string[] = []
  const authenticator = new Authenticator({
    tokens: new TokenTable([{ principal: 'shop', sha256: tokenHash(TOKEN) }]),
    allowsAnonymous: false,
    onDenied: (reason) => denied.push(reason),
  })
  return { ...(await serveEdge({ authenticator })), denied }
}

const request = (
  { method = 'POST', target = '/push', version = '1.1' },
  headers: string,
  body = BODY,
): string =>
  `${method} ${target} HTTP/${version}\r\nHost: h\r\nContent-Type: application/json\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

describe('a request', () => {
  it.each(CREDENTIALS)('with the header %j is let in: %s', async (headers, isIn) => {
    const { connect, producer } = await serve()

    const reply = await connect().write(request({}, headers)).response()

    expect(reply.status).toBe(isIn ? 200 : 401)
    expect(producer.records).toHaveLength(isIn ? 1 : 0)
    expect(reply.headers.get('www-authenticate')).toBe(
      isIn ? undefined : 'Bearer realm="kprf", Basic realm="kprf", charset="UTF-8"',
    )
    if (!isIn) expect(JSON.parse(reply.body)).toMatchObject({ error_code: 40101, status: 'error' })
    expect(reply.body).not.toContain(TOKEN)
  })

  it('without good credentials produces nothing, whatever its method, path and version', async () => {
    const { connect, producer } = await serve()
    const bad = CREDENTIALS.filter(([, isIn]) => !isIn).map(([headers]) => headers)

    for (const target of SPELLINGS) {
      for (const method of METHODS) {
        for (const [index, headers] of bad.entries()) {
          const version = index % 2 === 0 ? '1.1' : '1.0'
          const client = connect().write(request({ method, target, version }, headers))
          const reply = await client.response()
          expect(reply.status, `${method} ${target} ${headers}`).toBeGreaterThanOrEqual(
            method === 'OPTIONS' ? 204 : 400,
          )
          client.abort()
        }
      }
    }
    expect(producer.records).toEqual([])
  })

  it('is stopped behind one on the same connection that was let in', async () => {
    const { connect, producer } = await serve()
    const good = request({}, `Authorization: Bearer ${TOKEN}\r\n`)

    const replies = await connect()
      .write(good + request({}, ''))
      .responses(2)

    expect(replies.map(({ status }) => status)).toEqual([200, 401])
    expect(producer.records).toHaveLength(1)
  })

  it('that waits for 100 Continue is refused instead, and its body is not read', async () => {
    const { connect, producer, denied } = await serve()
    const head = request({}, 'Expect: 100-continue\r\n', '').replace('Length: 0', 'Length: 99')

    const reply = await connect().write(head).response()

    expect([reply.status, reply.headers.get('connection')]).toEqual([401, 'close'])
    expect(denied).toEqual(['no_credentials'])
    expect(producer.records).toEqual([])
  })

  it('is logged with its principal, and never with its token', async () => {
    const { connect, log } = await serve()

    await connect()
      .write(request({}, `Authorization: Bearer ${TOKEN}\r\n`, '{'))
      .response()
    await connect().write(request({}, 'Authorization: Bearer secret-of-mine\r\n')).response()

    expect(log.lines.map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ principal: 'shop', error_code: 40001 }),
      expect.objectContaining({ reason: 'the token is not known', error_code: 40101 }),
    ])
    expect(JSON.stringify(log.lines)).not.toMatch(/kprf_good|secret-of-mine/)
  })
})
