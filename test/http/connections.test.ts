import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { TrustedProxies } from '../../src/http/access/trusted-proxies.ts'
import { Connections, type ConnectionObserver } from '../../src/http/connections.ts'
import { SERVER_LIMITS, type ServerLimits } from '../../src/http/limits.ts'
import { FakeClock } from '../support/fake-clock.ts'

class FakeSocket extends EventEmitter {
  readonly remoteAddress: string
  writableLength = 0
  bytesWritten = 0
  bytesRead = 0
  isDestroyed = false
  isEnded = false

  constructor(remoteAddress: string) {
    super()
    this.remoteAddress = remoteAddress
  }

  destroy(): void {
    this.isDestroyed = true
    this.emit('close')
  }

  /** Sends the end. */
  end(): void {
    this.isEnded = true
  }
}

class FakeResponse extends EventEmitter {
  readonly req: { readonly socket: FakeSocket; readonly headers: object; readonly complete: true }
  shouldKeepAlive = true
  headersSent = false
  writableFinished = false

  constructor(socket: FakeSocket) {
    super()
    this.req = { socket, headers: {}, complete: true }
  }

  finish(): void {
    this.headersSent = true
    this.writableFinished = true
    this.emit('finish')
  }
}

interface Harness {
  readonly connections: Connections
  readonly clock: FakeClock
  /** The events of the observer. */
  readonly events: string[]
  readonly open: (address?: string) => FakeSocket
  readonly begin: (socket: FakeSocket) => FakeResponse
  /** Advances the clock by this many seconds, with a sweep after each. */
  readonly pass: (seconds: number) => Promise<void>
}

function createHarness(limits: Partial<ServerLimits> = {}, proxies?: TrustedProxies): Harness {
  const clock = new FakeClock()
  const events: string[] = []
  const observer: ConnectionObserver = {
    clientFailed: ({ address }, code) => void events.push(`${code} ${address}`),
    dropped: (reason, address) => void events.push(`${reason} ${address}`),
    bodyIsLate: ({ address }) => void events.push(`late_body ${address}`),
  }
  const connections = new Connections(clock, { ...SERVER_LIMITS, ...limits }, observer, proxies)
  return {
    ...{ connections, clock, events },
    open: (address = '192.0.2.1') => {
      const socket = new FakeSocket(address)
      connections.add(socket as unknown as Socket)
      return socket
    },
    begin: (socket) => {
      const response = new FakeResponse(socket)
      connections.begin(response as unknown as ServerResponse)
      return response
    },
    pass: async (seconds) => {
      for (let second = 0; second < seconds; second += 1) {
        await clock.advance(1000)
        connections.sweep()
      }
    },
  }
}

describe('Connections.endAll', () => {
  it('half-closes an idle connection at once, and does not cut it', () => {
    const { connections, open, begin } = createHarness()
    const socket = open()
    begin(socket).finish()

    connections.endAll()

    expect([socket.isEnded, socket.isDestroyed]).toEqual([true, false])
  })

  it('ends a busy connection after its response, although that promised keep-alive', () => {
    const { connections, open, begin } = createHarness()
    const socket = open()
    const response = begin(socket)
    response.headersSent = true

    connections.endAll()
    const wasEnded = socket.isEnded
    response.finish()

    expect([wasEnded, socket.isEnded]).toEqual([false, true])
  })
})

describe('a full server', () => {
  it('closes the connection that has been idle for longest to make room', async () => {
    const { open, begin, events, pass } = createHarness({ maxConnections: 3 })
    const [first, second, third] = [open(), open(), open()]
    await pass(1)
    begin(first).finish()
    await pass(1)
    begin(third).finish()
    await pass(1)

    const newcomer = open()

    expect([first, second, third, newcomer].map(({ isDestroyed }) => isDestroyed)).toEqual([
      ...[false, true, false, false],
    ])
    expect(events).toEqual(['idle_evicted 192.0.2.1'])
  })

  it('closes a connection of the address that has the most', async () => {
    const { open, pass } = createHarness({ maxConnections: 3 })
    const single = open('192.0.2.9')
    await pass(1)
    const many = [open('192.0.2.1'), open('192.0.2.1')]

    open('192.0.2.7')

    expect(single.isDestroyed).toBe(false)
    expect(many.map(({ isDestroyed }) => isDestroyed)).toContain(true)
  })

  it('closes one of a trusted proxy last, although it has the most', async () => {
    const proxies = new TrustedProxies(['192.0.2.1'])
    const { open, pass } = createHarness({ maxConnections: 3 }, proxies)
    const ofProxy = [open('192.0.2.1'), open('192.0.2.1')]
    await pass(1)
    const single = open('192.0.2.9')

    open('192.0.2.7')

    expect(ofProxy.map(({ isDestroyed }) => isDestroyed)).toEqual([false, false])
    expect(single.isDestroyed).toBe(true)
  })

  it('never closes a busy connection, and drops the new one if all are busy', () => {
    const { open, begin, events } = createHarness({ maxConnections: 2 })
    const busy = [open('192.0.2.1'), open('192.0.2.2')]
    const responses = busy.map(begin)

    const dropped = open('192.0.2.3')
    responses[0]?.finish()
    const admitted = open('192.0.2.4')

    expect(busy.map(({ isDestroyed }) => isDestroyed)).toEqual([true, false])
    expect([dropped.isDestroyed, admitted.isDestroyed]).toEqual([true, false])
    expect(events).toEqual(['limit 192.0.2.3', 'idle_evicted 192.0.2.1'])
  })

  it('keeps a connection that got a request after it was found idle', () => {
    const { open, begin } = createHarness({ maxConnections: 200 })
    const sockets = Array.from({ length: 200 }, () => open())
    open()
    const spared = sockets.filter(({ isDestroyed }) => !isDestroyed)

    for (const socket of spared) begin(socket).finish()
    open()

    expect(sockets.filter(({ isDestroyed }) => isDestroyed)).toHaveLength(1)
  })

  it('looks at a hundred connections per new one, however many are open', () => {
    const { open, begin } = createHarness({ maxConnections: 1000 })
    let looks = 0
    for (let n = 0; n < 1000; n += 1) {
      Object.defineProperty(begin(open()), 'writableFinished', {
        get: () => {
          looks += 1
          return false
        },
      })
    }

    for (let n = 0; n < 500; n += 1) open()

    expect(looks).toBeGreaterThanOrEqual(1000)
    expect(looks).toBeLessThanOrEqual(500 * 110)
  })
})

describe('a limit on the connections of one address', () => {
  it('drops further ones, and none of another address', () => {
    const { open, events } = createHarness({ maxConnectionsPerAddress: 2 })
    const sockets = [open(), open(), open('::ffff:192.0.2.1'), open('192.0.2.2')]

    expect(sockets.map(({ isDestroyed }) => isDestroyed)).toEqual([false, false, true, false])
    expect(events).toEqual(['address_limit 192.0.2.1'])
  })

  it('counts only open connections', () => {
    const { open, events } = createHarness({ maxConnectionsPerAddress: 1 })

    for (let n = 0; n < 3; n += 1) open().destroy()

    expect(events).toEqual([])
  })

  it('counts all machines of an IPv6 network together', () => {
    const { open } = createHarness({ maxConnectionsPerAddress: 1 })
    open('2001:db8::1')

    expect(open('2001:db8::2').isDestroyed).toBe(true)
  })
})

describe('an idle connection', () => {
  it('is closed after the idle timeout', async () => {
    const { open, events, pass } = createHarness({ keepAliveTimeoutMs: 10_000 })
    const socket = open()

    await pass(11)
    const before = socket.isDestroyed
    await pass(1)

    expect([before, socket.isDestroyed]).toEqual([false, true])
    expect(events).toEqual(['idle_timeout 192.0.2.1'])
  })

  it('is closed without a word if its client has sent nothing but requests', async () => {
    const { open, begin, events, pass } = createHarness({ keepAliveTimeoutMs: 10_000 })
    const [silent, other] = [open(), open()]
    for (const socket of [silent, other]) {
      socket.bytesRead += 100
      begin(socket).finish()
    }

    await pass(5)
    other.bytesRead += 2
    await pass(20)

    expect([silent.isDestroyed, other.isDestroyed]).toEqual([true, true])
    expect(events).toEqual(['idle_timeout 192.0.2.1'])
  })

  it('counts from its last request', async () => {
    const { open, begin, pass } = createHarness({ keepAliveTimeoutMs: 10_000 })
    const socket = open()

    for (let n = 0; n < 5; n += 1) {
      begin(socket).finish()
      await pass(9)
    }

    expect(socket.isDestroyed).toBe(false)
  })

  it('has the time of a head from its first byte, and no longer, whatever follows', async () => {
    const { open, begin, pass } = createHarness({
      ...{ keepAliveTimeoutMs: 10_000, headersTimeoutMs: 20_000, timeoutCheckIntervalMs: 1_000 },
    })
    const [waiting, sending] = [open(), open()]
    for (const socket of [waiting, sending]) begin(socket).finish()
    await pass(5)
    for (let second = 0; second < 22; second += 1) {
      sending.bytesRead += 1
      await pass(1)
    }
    const before = [waiting.isDestroyed, sending.isDestroyed]
    sending.bytesRead += 1
    await pass(2)

    expect([before, sending.isDestroyed]).toEqual([[true, false], true])
  })

  it('is never one whose client waits for a reply', async () => {
    const { open, begin, pass } = createHarness({ keepAliveTimeoutMs: 10_000 })
    const socket = open()
    begin(socket)

    await pass(100)

    expect(socket.isDestroyed).toBe(false)
  })
})

describe('a client with unread replies', () => {
  /** Advances the clock while the client reads this many bytes every five seconds. */
  const take = async (socket: FakeSocket, bytes: number, pass: Harness['pass']): Promise<void> => {
    for (let n = 0; n < 12; n += 1) {
      await pass(5)
      socket.writableLength -= bytes
    }
  }
  const createReader = (): [FakeSocket, Harness] => {
    const harness = createHarness()
    const socket = harness.open()
    harness.begin(socket)
    Object.assign(socket, { bytesWritten: 10_000_000, writableLength: 10_000_000 })
    return [socket, harness]
  }

  it('is cut off if it reads nothing', async () => {
    const [socket, { events, pass }] = createReader()

    await pass(30)
    const before = socket.isDestroyed
    await pass(1)

    expect([before, socket.isDestroyed]).toEqual([false, true])
    expect(events).toEqual(['stalled_reader 192.0.2.1'])
  })

  it('is cut off if it reads 600 bytes every 5 s', async () => {
    const [socket, { pass }] = createReader()

    await take(socket, 600, pass)

    expect(socket.isDestroyed).toBe(true)
  })

  it('is not cut off if it reads more than a kibibyte a second', async () => {
    const [socket, { pass }] = createReader()

    await take(socket, 5200, pass)

    expect(socket.isDestroyed).toBe(false)
  })

  it('is not cut off if it reads each reply to its end, even small ones', async () => {
    const [socket, { pass }] = createReader()

    for (let n = 0; n < 50; n += 1) {
      socket.writableLength = 100
      await pass(1)
      socket.writableLength = 0
      await pass(1)
    }

    expect(socket.isDestroyed).toBe(false)
  })
})

describe('Connections', () => {
  it('counts active and idle connections, and the bytes that clients have not read', () => {
    const { connections, open, begin } = createHarness()
    const [busy, idle] = [open(), open()]
    begin(busy)
    begin(idle).finish()
    open().destroy()
    busy.writableLength = 7

    expect(connections.counts).toEqual({ active: 1, idle: 1, replyBytes: 7 })
  })

  it('reports a client that leaves before its reply, and no other', () => {
    const { open, begin, events } = createHarness()
    const [early, late, silent, half] = ['1', '2', '3', '4'].map((host) => open(`192.0.2.${host}`))
    if (!early || !late || !silent || !half) throw new Error('four were opened')
    begin(early)
    begin(late).headersSent = true
    half.bytesRead = 5

    for (const socket of [early, late, silent, half]) socket.emit('close')

    expect(events).toEqual(['aborted 192.0.2.1', 'aborted 192.0.2.4'])
  })

  it('forgets closed connections', () => {
    const { connections, open } = createHarness()
    const socket = open()

    socket.emit('close')

    expect(connections.get(socket as unknown as Socket)).toBeUndefined()
  })
})
