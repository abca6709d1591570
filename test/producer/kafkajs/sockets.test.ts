import { on, once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { DEFAULT_TRANSPORT_SETTINGS } from '../../support/default-settings.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import type { EventSink } from '../../../src/producer/events.ts'
import { RecordingEvents } from '../../support/recording-events.ts'
import {
  disguiseIpv6,
  revealIpv6,
  SocketEnd,
  Sockets,
  type SocketSettings,
  type Connect,
} from '../../../src/producer/kafkajs/sockets.ts'
import { BrokerRegistry } from '../../../src/producer/statistics/broker-registry.ts'

const HOST = '127.0.0.1'

/** TLS without certificates: both sides know a key. */
const PSK = {
  ciphers: 'PSK-AES128-GCM-SHA256',
  maxVersion: 'TLSv1.2',
} as const
const KEY = Buffer.alloc(16, 7)
const PSK_CLIENT: tls.ConnectionOptions = {
  ...PSK,
  pskCallback: () => ({ psk: KEY, identity: 'kprf' }),
  checkServerIdentity: () => undefined,
}

const withTls = (
  options: tls.ConnectionOptions | undefined,
  settings: Partial<SocketSettings> = {},
) => ({
  ...DEFAULT_TRANSPORT_SETTINGS.socket,
  ...settings,
  tls: options && (() => options),
})

const servers: net.Server[] = []
const clients: net.Socket[] = []

afterEach(async () => {
  for (const socket of clients.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) {
    server.close()
    await once(server, 'close')
  }
})

async function listen(server: net.Server): Promise<number> {
  servers.push(server)
  server.listen(0, HOST)
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

/** A server, and the connections that it accepts from now on, one after the other. */
async function acceptingServer(): Promise<{ port: number; accept: () => Promise<net.Socket> }> {
  const server = net.createServer()
  const accepted = on(server, 'connection')
  const accept = async (): Promise<net.Socket> => {
    const { value } = (await accepted.next()) as IteratorResult<[net.Socket]>
    const [socket]: [net.Socket] = value
    return socket.on('error', () => undefined).resume()
  }
  return { port: await listen(server), accept }
}

/** The handle through which Node calls the operating system. */
type Handle = Record<'setNoDelay' | 'setKeepAlive', () => number>

/** Opens a connection as kafkajs does, and records the system calls for it. */
function open(
  sockets: Sockets,
  host: string,
  port: number,
): {
  readonly socket: net.Socket
  readonly connected: Promise<void>
  readonly options: unknown[][]
} {
  const { promise: connected, resolve } = Promise.withResolvers<undefined>()
  const options: unknown[][] = []
  const socket = sockets.factory({
    host,
    port,
    ssl: {},
    onConnect: () => {
      resolve(undefined)
    },
  }) as net.Socket & { readonly _handle: Handle & { readonly _parent?: Handle } }
  clients.push(socket)
  socket.on('error', () => undefined)
  for (const name of ['setNoDelay', 'setKeepAlive'] as const) {
    // TLS has a handle of its own above that of the connection.
    vi.spyOn(socket._handle._parent ?? socket._handle, name).mockImplementation(
      (...values: unknown[]) => {
        options.push([name, ...values])
        return 0
      },
    )
  }
  return { socket, connected, options }
}

/** What a function returns, or what it throws. */
function attempt(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}

describe('disguiseIpv6', () => {
  test.each([
    ['[::1]:9092', '3a3a31.ipv6-literal:9092'],
    [
      '[2001:db8::8a2e:370:7334]:19092',
      '323030313a6462383a3a386132653a3337303a37333334.ipv6-literal:19092',
    ],
    ['broker-1.example.com:9092', 'broker-1.example.com:9092'],
    ['10.0.0.1:9092', '10.0.0.1:9092'],
  ])('makes of %s %s', (address, disguised) => {
    expect(disguiseIpv6(address)).toBe(disguised)
  })

  test('returns a text that kafkajs splits into host and port, for any IPv6 address', () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.integer({ min: 1, max: 65_535 }), (host, port) => {
        const parts = disguiseIpv6(`[${host}]:${port}`).split(':')

        expect(parts.length).toBe(2)
        expect(revealIpv6(parts[0] ?? '')).toBe(host)
        expect(Number(parts[1])).toBe(port)
      }),
    )
  })

  test.each(['eth0', 'br-lan'])('keeps the zone %s of a link-local address', (zone) => {
    const [host = ''] = disguiseIpv6(`[fe80::1%${zone}]:9092`).split(':')

    expect(revealIpv6(host)).toBe(`fe80::1%${zone}`)
  })
})

describe('revealIpv6', () => {
  test.each(['localhost', 'broker-1.example.com', '10.0.0.1', '::1', 'ipv6-literal.example.com'])(
    'leaves the plain host %s as it is',
    (host) => {
      expect(revealIpv6(host)).toBe(host)
    },
  )
})

describe('Sockets', () => {
  test.each([
    [{ noDelay: false }, [['setKeepAlive', true, 60]]],
    [{ keepAlive: false }, [['setNoDelay', true]]],
  ])('opens a connection as it is told: %j', async (settings, expected) => {
    const { port } = await acceptingServer()
    const sockets = new Sockets(withTls(undefined, settings), new RecordingEvents())
    const { connected, options } = open(sockets, HOST, port)

    await connected

    expect(options.map((values) => values.slice(0, 3))).toEqual(expected)
  })

  test.each([
    ['any', 0],
    ['v4', 4],
    ['v6', 6],
  ] as const)('asks for addresses of the family %s', (family, expected) => {
    const asked: unknown[] = []
    const sockets = new Sockets(
      withTls(undefined, { family }),
      new RecordingEvents(),
      (options) => {
        asked.push(options.family)
        return new net.Socket()
      },
    )

    sockets.factory({ host: 'localhost', port: 1, ssl: {}, onConnect: () => undefined })

    expect(asked).toEqual([expected])
  })

  test('opens a connection and says when it is open', async () => {
    const { port, accept } = await acceptingServer()
    const { socket, connected } = open(
      new Sockets(withTls(undefined), new RecordingEvents()),
      HOST,
      port,
    )

    await connected

    expect(socket.remotePort).toBe(port)
    expect((await accept()).remotePort).toBe(socket.localPort)
  })

  test('turns the delay of small writes off and keep-alive after a minute on', async () => {
    const { port } = await acceptingServer()
    const { connected, options } = open(
      new Sockets(withTls(undefined), new RecordingEvents()),
      HOST,
      port,
    )

    await connected

    expect(options.map((values) => values.slice(0, 3))).toEqual([
      ['setNoDelay', true],
      ['setKeepAlive', true, 60],
    ])
  })

  test('connects to the address behind the disguise', async () => {
    const sockets = new Sockets(withTls(undefined), new RecordingEvents())
    const [host = ''] = disguiseIpv6('[::1]:1').split(':')
    const { socket } = open(sockets, host, 1)

    const [error]: unknown[] = await once(socket, 'error')

    expect(error).toMatchObject({ address: '::1', port: 1 })
  })

  test('destroys every connection that is open', async () => {
    const { port, accept } = await acceptingServer()
    const sockets = new Sockets(withTls(undefined), new RecordingEvents())
    const opened = [open(sockets, HOST, port), open(sockets, HOST, port)]
    await Promise.all(opened.map(({ connected }) => connected))
    const accepted = [await accept(), await accept()]

    sockets.destroyAll()

    await Promise.all(accepted.map((socket) => once(socket, 'close')))
    expect(opened.map(({ socket }) => socket.destroyed)).toEqual([true, true])
  })

  test('destroys with an error, because kafkajs ignores a close without one', async () => {
    const { port } = await acceptingServer()
    const sockets = new Sockets(withTls(undefined), new RecordingEvents())
    const { socket, connected } = open(sockets, HOST, port)
    await connected
    let hadError = false
    socket.once('error', () => {
      hadError = true
    })

    sockets.destroyAll()
    await once(socket, 'close').catch(() => undefined)

    expect(hadError).toBe(true)
  })

  test('opens no connection any more once all were destroyed', async () => {
    const { port } = await acceptingServer()
    const sockets = new Sockets(withTls(undefined), new RecordingEvents())
    sockets.destroyAll()

    const isOpening = (): boolean => !open(sockets, HOST, port).socket.destroyed

    // An error and a dead socket are equivalent: kafkajs tells its caller.
    expect(attempt(isOpening)).not.toBe(true)
  })

  test('destroys a connection that is still being opened', async () => {
    const { port } = await acceptingServer()
    const sockets = new Sockets(withTls(undefined), new RecordingEvents())
    const { socket } = open(sockets, HOST, port)

    sockets.destroyAll()

    expect(socket.destroyed).toBe(true)
  })

  test('forgets closed connections', async () => {
    const { port } = await acceptingServer()
    const sockets = new Sockets(withTls(undefined), new RecordingEvents())
    const { socket, connected } = open(sockets, HOST, port)
    await connected
    const destroy = vi.spyOn(socket, 'destroy')
    socket.destroy()
    await once(socket, 'close')

    sockets.destroyAll()

    expect(destroy).toHaveBeenCalledTimes(1)
  })
})

describe('the end of a connection', () => {
  async function connected(): Promise<{
    client: net.Socket
    server: net.Socket
    sockets: Sockets
    events: RecordingEvents
  }> {
    const { port, accept } = await acceptingServer()
    const events = new RecordingEvents()
    const sockets = new Sockets(withTls(undefined), events)
    const { socket: client, connected } = open(sockets, HOST, port)
    await connected
    return { client, server: await accept(), sockets, events }
  }

  test.each([
    ['by the broker', ({ server }) => server.end(), 'closed'],
    ['by a reset', ({ server }) => server.resetAndDestroy(), 'reset'],
    [
      'for want of an answer',
      ({ client }) => client.destroy(new SocketEnd('timeout', '')),
      'timeout',
    ],
    [
      'for an answer that makes no sense',
      ({ client }) => client.destroy(new SocketEnd('malformed', '')),
      'malformed',
    ],
  ] as const satisfies readonly (readonly [
    string,
    (ends: { client: net.Socket; server: net.Socket }) => unknown,
    string,
  ])[])('%s is observed once', async (_, end, reason) => {
    const { client, server, events } = await connected()
    client.resume()
    const closed = new Promise((resolve) => client.once('close', resolve))

    end({ client, server })
    await closed

    expect(events.lost).toEqual([reason])
  })

  test('is not observed when kprf means it, or closes', async () => {
    const one = await connected()
    one.client.destroy(new SocketEnd('intended', ''))
    const other = await connected()
    other.sockets.destroyAll()

    await new Promise((resolve) => other.client.once('close', resolve))

    expect([...one.events.lost, ...other.events.lost]).toEqual([])
  })

  test('is not observed for a connection that was never open', async () => {
    const events = new RecordingEvents()
    const { socket } = open(new Sockets(withTls(undefined), events), HOST, 1)

    await new Promise((resolve) => socket.once('close', resolve))

    expect(events.lost).toEqual([])
  })
})

describe('Sockets with TLS', () => {
  /** A server, and the name that its next client asks for. */
  async function tlsServer(): Promise<{ port: number; name: Promise<string | false> }> {
    const { promise: name, resolve } = Promise.withResolvers<string | false>()
    const server = tls.createServer({ ...PSK, pskCallback: () => KEY }, (socket) => {
      socket.on('error', () => undefined).resume()
      resolve(socket.servername ?? false)
    })
    return { port: await listen(server), name }
  }

  test('says that it is connected when the handshake is over, without delay of writes', async () => {
    const { port } = await tlsServer()
    const { socket, connected, options } = open(
      new Sockets(withTls(PSK_CLIENT), new RecordingEvents()),
      HOST,
      port,
    )

    await connected

    expect(socket instanceof tls.TLSSocket && socket.getCipher().name).toBe(PSK.ciphers)
    expect(options.map((values) => values.slice(0, 3))).toEqual([
      ['setNoDelay', true],
      ['setKeepAlive', true, 60],
    ])
  })

  test.each([
    ['a host name', 'localhost', {}, 'localhost'],
    ['no address', HOST, {}, false],
    [
      'what the options say instead',
      'localhost',
      { servername: 'kafka.internal' },
      'kafka.internal',
    ],
  ])('asks for %s by name', async (_, host, options, expected) => {
    const { port, name } = await tlsServer()

    open(new Sockets(withTls({ ...PSK_CLIENT, ...options }), new RecordingEvents()), host, port)

    expect(await name).toBe(expected)
  })

  test('destroys every connection that is open', async () => {
    const { port } = await tlsServer()
    const sockets = new Sockets(withTls(PSK_CLIENT), new RecordingEvents())
    const { socket, connected } = open(sockets, HOST, port)
    await connected

    sockets.destroyAll()

    expect(socket.destroyed).toBe(true)
  })

  test('leaves no socket behind when a connection is given up before it is there', async () => {
    const { port } = await tlsServer()
    const wires: net.Socket[] = []
    const connect: Connect = (options, onConnect) => {
      const wire = net.connect(options, onConnect)
      wires.push(wire)
      return wire
    }
    const sockets = new Sockets(withTls(PSK_CLIENT), new RecordingEvents(), connect)
    const { socket } = open(sockets, HOST, port)

    socket.destroy()
    await once(socket, 'close')

    expect(wires.map(({ destroyed }) => destroyed)).toEqual([true])
  })

  test('counts the bytes of the cipher text', async () => {
    const { port } = await tlsServer()
    const registry = new BrokerRegistry([`${HOST}:${port}`], new FakeClock())
    const events: EventSink = {
      emit: (event) => {
        if ('broker' in event) registry.observe(event)
      },
    }
    const sockets = new Sockets(withTls(PSK_CLIENT), events)
    const { socket, connected } = open(sockets, HOST, port)
    await connected
    const { sent: handshake } = registry.at(`${HOST}:${port}`).bytes

    await new Promise((resolve) => socket.write(Buffer.alloc(1000), resolve))

    const { sent } = registry.at(`${HOST}:${port}`).bytes
    expect(handshake).toBeGreaterThan(100)
    expect(sent - handshake).toBeGreaterThan(socket.bytesWritten)
  })
})
