/** Who a client behind a trusted proxy is, in the log and for the limits of one address. */
import { Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { TrustedProxies } from '../../../src/http/access/trusted-proxies.ts'
import { createBodyBudget } from '../../../src/http/body-budget.ts'
import { cameFrom } from '../../../src/http/client-address.ts'
import { ReplyRoom } from '../../../src/http/reply-room.ts'
import { MAX_BODY_BYTES, pushBody, rawPush, serveEdge } from '../../support/http-edge.ts'

const LOCAL = new TrustedProxies(['127.0.0.1'])
const OTHER = new TrustedProxies(['192.0.2.1'])

const refused = (forwardedFor?: string): Buffer =>
  rawPush('{', forwardedFor === undefined ? {} : { 'X-Forwarded-For': forwardedFor })

describe('the log names', () => {
  it.each([
    ['the client, if the proxy is trusted', LOCAL, '203.0.113.5', '203.0.113.5'],
    ['the network of an IPv6 client', LOCAL, '2001:db8::5', '2001:db8::/64'],
    ['an IPv4 client in IPv6 by its IPv4 address', LOCAL, '::ffff:203.0.113.5', '203.0.113.5'],
    ['the proxy, if the header is malformed', LOCAL, 'x', '127.0.0.1'],
    ['the proxy, if there is no header', LOCAL, undefined, '127.0.0.1'],
    ['the connection, if it is of no trusted proxy', OTHER, '203.0.113.5', '127.0.0.1'],
    ['the connection, if no proxy is trusted', undefined, '203.0.113.5', '127.0.0.1'],
  ])('%s', async (_, proxies, forwardedFor, address) => {
    const { connect, log } = await serveEdge({}, {}, { proxies })

    await connect().write(refused(forwardedFor)).response()

    expect(log.lines).toMatchObject([{ fields: { address, error_code: 40001 } }])
  })

  it('the last of several headers', async () => {
    const { connect, log } = await serveEdge({}, {}, { proxies: LOCAL })
    const headers = { 'X-Forwarded-For': '198.51.100.1', 'x-forwarded-for': '203.0.113.5' }

    await connect().write(rawPush('{', headers)).response()

    expect(log.lines).toMatchObject([{ fields: { address: '203.0.113.5' } }])
  })

  it('each client of one connection', async () => {
    const { connect, log } = await serveEdge({}, {}, { proxies: LOCAL })
    const requests = ['203.0.113.1', '203.0.113.2', 'x'].map(refused)

    await connect().write(Buffer.concat(requests)).responses(3)

    expect(log.lines.map(({ fields }) => fields?.['address'])).toEqual([
      ...['203.0.113.1', '203.0.113.2', '127.0.0.1'],
    ])
  })

  it('the client whose request is refused before the app gets it', async () => {
    const { connect, log } = await serveEdge({}, {}, { proxies: LOCAL })
    const head = 'GET ftp://a HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 203.0.113.5\r\n\r\n'

    await connect().write(head).response()

    expect(log.lines).toMatchObject([{ fields: { address: '203.0.113.5', error_code: 40000 } }])
  })
})

describe('the share of one address in the memory', () => {
  it('for bodies is that of the client behind the proxy', async () => {
    const bodyBudget = createBodyBudget({ maxBodyBytes: MAX_BODY_BYTES, clock: systemClock })
    const open = vi.spyOn(bodyBudget, 'open')
    const { connect } = await serveEdge({ bodyBudget }, {}, { proxies: LOCAL })

    await connect()
      .write(rawPush(pushBody(), { 'X-Forwarded-For': '203.0.113.5' }))
      .response()

    expect(open.mock.calls).toEqual([['203.0.113.5']])
  })

  it('for replies is that of the client behind the proxy', () => {
    const room = new ReplyRoom(100_000, 10_000)
    const [full, other] = [{ socket: new Socket() }, { socket: new Socket() }]
    cameFrom(full, '203.0.113.1')
    cameFrom(other, '203.0.113.2')
    room.reserve(full, 50_000)

    expect(() => room.reserve(full, 10_000)).toThrow('unread replies of this client address')
    expect(room.reserve(other, 10_000)).toBeDefined()
  })
})

describe('http.max_connections_per_address', () => {
  it.each([
    ['counts no connection of a trusted proxy', LOCAL, 3],
    ['counts those of others', OTHER, 1],
  ])('%s', async (_, proxies, served) => {
    const { connect, metrics } = await serveEdge({}, { maxConnectionsPerAddress: 1 }, { proxies })
    const first = connect()
    const statuses = [(await first.write(rawPush(pushBody())).response()).status]

    for (let n = 0; n < 2; n += 1) {
      const [reply] = await connect().write(rawPush(pushBody())).responses(1)
      if (reply !== undefined) statuses.push(reply.status)
    }

    expect(statuses).toEqual(Array.from({ length: served }, () => 200))
    expect(metrics.dropped).toEqual(Array.from({ length: 3 - served }, () => 'address_limit'))
  })
})
