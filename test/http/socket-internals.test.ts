import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  bytesTaken,
  readInto,
  startReading,
  stopParser,
  stopReading,
} from '../../src/http/socket-internals.ts'

describe('bytesTaken', () => {
  it('grows in the middle of a write, which Node calls done only at its end', async () => {
    const { sender, receiver } = await connectedPair()
    receiver.pause()
    sender.write(Buffer.alloc(64 * 1024 * 1024))
    const first = bytesTaken(sender)

    let received = 0
    receiver.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (received > 16 * 1024 * 1024) receiver.pause().emit('enough')
    })
    receiver.resume()
    await once(receiver, 'enough')
    const later = bytesTaken(sender)

    expect(sender.bytesWritten - sender.writableLength).toBe(0)
    expect(later).toBeGreaterThan(first)
    expect(later).toBeLessThan(64 * 1024 * 1024)
  })

  it('counts completed writes if Node reports nothing more', () => {
    const socket = { bytesWritten: 10, writableLength: 4 } as unknown as Socket

    expect(bytesTaken(socket)).toBe(6)
  })
})

describe('stopReading', () => {
  it('leaves what comes in the kernel until startReading', async () => {
    const { sender, receiver } = await connectedPair()
    const received: string[] = []
    receiver.on('data', (chunk: Buffer) => received.push(String(chunk)))
    sender.write('a')
    await once(receiver, 'data')
    stopReading(receiver)
    sender.write('b')
    for (let turn = 0; turn < 20; turn += 1) await new Promise((next) => setImmediate(next))
    expect(received).toEqual(['a'])

    startReading(receiver)
    await once(receiver, 'data')

    expect(received).toEqual(['a', 'b'])
  })

  it('does nothing where Node has no such handle', () => {
    const sockets = [{}, { _handle: null }, { _handle: {} }] as unknown as Socket[]
    expect(() => {
      for (const socket of sockets) {
        stopReading(socket)
        startReading(socket)
      }
    }).not.toThrow()
  })
})

describe('readInto', () => {
  it('reads all into the beginning of one buffer, without data events', async () => {
    const { sender, receiver } = await connectedPair()
    const buffer = Buffer.alloc(8)
    const received: string[] = []
    receiver.on('data', () => received.push('an event'))
    const isDirect = readInto(receiver, buffer, (length) => {
      received.push(buffer.toString('latin1', 0, length))
      receiver.emit('read')
      return true
    })
    sender.write('a')
    await once(receiver, 'read')
    sender.end('12345678b')
    await once(receiver, 'end')

    expect(isDirect).toBe(true)
    expect(received).toEqual(['a', '12345678', 'b'])
  })

  it('reads no more after false, until the socket is resumed', async () => {
    const { sender, receiver } = await connectedPair()
    const buffer = Buffer.alloc(8)
    const received: string[] = []
    readInto(receiver, buffer, (length) => {
      received.push(buffer.toString('latin1', 0, length))
      receiver.emit('read')
      return false
    })
    receiver.resume()
    sender.write('a')
    await once(receiver, 'read')
    sender.write('b')
    for (let turn = 0; turn < 20; turn += 1) await new Promise((next) => setImmediate(next))
    expect(received).toEqual(['a'])

    receiver.resume()
    await once(receiver, 'read')

    expect(received).toEqual(['a', 'b'])
  })

  it('says so where Node has no such handle', () => {
    const sockets = [{}, { _handle: null }, { _handle: {} }] as unknown as Socket[]

    const areDirect = sockets.map((socket) => readInto(socket, Buffer.alloc(1), () => true))

    expect(areDirect).toEqual([false, false, false])
  })
})

describe('stopParser', () => {
  it('does nothing where Node has no such parser', () => {
    const socket = { parser: {} } as unknown as Socket

    stopParser(socket)
    stopParser({} as unknown as Socket)

    expect(socket).toEqual({ parser: {} })
  })
})

async function connectedPair(): Promise<{ sender: Socket; receiver: Socket }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const receiver = connect(port, '127.0.0.1')
  const [sender] = (await once(server, 'connection')) as [Socket]
  onTestFinished(() => {
    sender.destroy()
    receiver.destroy()
    server.close()
  })
  return { sender, receiver }
}
