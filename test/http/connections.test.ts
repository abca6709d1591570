import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { Connections } from '../../src/http/connections.ts'

class FakeSocket extends EventEmitter {
  writableLength = 0
  timeout: number | undefined

  setTimeout(timeoutMs: number): void {
    this.timeout = timeoutMs
  }
}

function addSocket(connections: Connections): FakeSocket {
  const socket = new FakeSocket()
  connections.add(socket as unknown as Socket)
  return socket
}

describe('Connections.endAll', () => {
  it('tells when a response ends that had promised to keep its connection', () => {
    const connections = new Connections()
    const socket = addSocket(connections)
    const response = Object.assign(new EventEmitter(), {
      req: { socket },
      headersSent: true,
      writableFinished: false,
    })
    connections.begin(response as unknown as ServerResponse, 10)
    let lateEnds = 0

    connections.endAll(() => (lateEnds += 1))
    const lateEndsBefore = lateEnds
    response.emit('finish')

    expect([lateEndsBefore, lateEnds]).toEqual([0, 1])
  })
})

describe('Connections.limitStalledReaders', () => {
  it('limits a client only while it leaves a reply unread', () => {
    const connections = new Connections()
    const socket = addSocket(connections)

    connections.limitStalledReaders(30_000)
    const whenNothingIsUnread = socket.timeout
    socket.writableLength = 1
    connections.limitStalledReaders(30_000)
    const whenAByteIsUnread = socket.timeout
    socket.writableLength = 0
    connections.limitStalledReaders(30_000)

    expect([whenNothingIsUnread, whenAByteIsUnread, socket.timeout]).toEqual([undefined, 30_000, 0])
  })

  it("leaves Node's keep-alive timeout alone", () => {
    const connections = new Connections()
    const socket = addSocket(connections)
    socket.timeout = 66_000

    connections.limitStalledReaders(30_000)

    expect(socket.timeout).toBe(66_000)
  })

  it('forgets closed connections', () => {
    const connections = new Connections()
    const socket = addSocket(connections)
    socket.writableLength = 1

    socket.emit('close')
    connections.limitStalledReaders(30_000)

    expect(socket.timeout).toBeUndefined()
    expect(connections.get(socket as unknown as Socket)).toBeUndefined()
  })
})
