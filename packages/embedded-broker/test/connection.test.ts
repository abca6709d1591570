import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestCluster } from '../src/test-cluster.ts'
import * as fault from '../src/faults.ts'
import { apiVersionsApi } from '../src/protocol/apis/api-versions.ts'
import { metadataApi } from '../src/protocol/apis/metadata.ts'
import { produceApi } from '../src/protocol/apis/produce.ts'
import { recordBatch } from './support/batch-builder.ts'
import { firstPartition, produceRequest } from './support/produce.ts'
import { metadataRequest } from './support/requests.ts'
import { requestFrame, WireClient } from './support/wire-client.ts'

describe('a connection', () => {
  const internalErrors: unknown[] = []
  let cluster: TestCluster
  let client: WireClient

  beforeEach(async () => {
    internalErrors.length = 0
    cluster = await TestCluster.start({
      maxRequestBytes: 100_000,
      topics: { orders: { partitions: 1 } },
      onInternalError: (error) => internalErrors.push(error),
    })
    client = await WireClient.connect(cluster.bootstrap)
  })

  afterEach(async () => {
    await client.close()
    await cluster.close()
    expect(internalErrors).toEqual([])
  })

  const int32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(value)
    return bytes
  }

  test('takes a request byte by byte', async () => {
    for (const byte of requestFrame(metadataApi, 6, metadataRequest(['orders']), 5)) {
      client.socket.write(Buffer.from([byte]))
    }

    expect((await client.read(metadataApi, 6, 5)).topics[0]?.name).toBe('orders')
  })

  test('answers requests that come in one piece in their order', async () => {
    const latch = Promise.withResolvers<unknown>()
    cluster.control('Metadata', fault.delay(latch.promise))
    client.socket.write(
      Buffer.concat([
        requestFrame(metadataApi, 6, metadataRequest(null), 1),
        requestFrame(produceApi, 7, produceRequest('orders', 0), 2),
        requestFrame(produceApi, 7, produceRequest('orders', 0), 3),
      ]),
    )
    await cluster.nextRequest('Metadata')
    latch.resolve(undefined)

    await client.read(metadataApi, 6, 1)
    const second = await client.read(produceApi, 7, 2)
    const third = await client.read(produceApi, 7, 3)

    expect([second, third].map((one) => firstPartition(one).baseOffset)).toEqual([0n, 1n])
  })

  test('serves a thousand requests that were sent without waiting', async () => {
    const frames = Array.from({ length: 1_000 }, (_, id) =>
      requestFrame(produceApi, 9, produceRequest('orders', 0), id),
    )
    client.socket.write(Buffer.concat(frames))

    for (let id = 0; id < 1_000; id += 1) await client.read(produceApi, 9, id)

    expect(cluster.records('orders')).toHaveLength(1_000)
  })

  test('goes on after a client has left in the midst of a request', async () => {
    client.socket.end(requestFrame(metadataApi, 6, metadataRequest(null)).subarray(0, 20))
    await client.closed
    const next = await WireClient.connect(cluster.bootstrap)

    expect((await next.send(metadataApi, 6, metadataRequest(null))).topics).toHaveLength(1)
    await next.close()
  })

  test.each([
    ['a length over the limit', int32(100_001)],
    ['a negative length', int32(-1)],
    ['the beginning of a TLS handshake', Buffer.from('16030102000100', 'hex')],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['an unknown request', Buffer.concat([int32(10), Buffer.from('7fff0000000000010000', 'hex')])],
    ['an empty request', int32(0)],
    [
      'a body cut short',
      Buffer.concat([
        int32(12),
        requestFrame(metadataApi, 6, metadataRequest(null)).subarray(4, 16),
      ]),
    ],
  ])('closes for %s', async (_, bytes) => {
    client.socket.write(bytes)

    await client.closed
    expect(cluster.requests).toEqual([])
  })

  test('takes a request at the limit', async () => {
    const empty = requestFrame(produceApi, 7, produceRequest('orders', 0, Buffer.alloc(0)))
    const records = Buffer.alloc(100_000 - (empty.length - 4))

    const response = await client.send(produceApi, 7, produceRequest('orders', 0, records))

    expect(firstPartition(response).errorCode).toBe(2)
    expect(cluster.requests[0]?.sizeBytes).toBe(100_000)
  })

  test('tells a client of the future which versions of ApiVersions it may ask in', async () => {
    client.socket.write(
      Buffer.concat([
        int32(10),
        Buffer.from('0012', 'hex'),
        Buffer.from('00630000000700ff', 'hex'),
      ]),
    )

    expect(await client.read(apiVersionsApi, 0, 7)).toMatchObject({
      errorCode: 35,
      apis: [{ key: 18, minVersion: 0, maxVersion: 4 }],
    })
  })

  test('refuses a client that has no proper name for itself', async () => {
    const request = { clientSoftwareName: '-bad-', clientSoftwareVersion: '1' }

    expect(await client.send(apiVersionsApi, 3, request)).toMatchObject({ errorCode: 42, apis: [] })
  })

  test('sends nothing for acks 0, and closes when something is wrong', async () => {
    client.socket.write(requestFrame(produceApi, 7, produceRequest('orders', 0, recordBatch(), 0)))
    await client.send(metadataApi, 6, metadataRequest(null))
    const storedCount = cluster.records('orders').length

    client.socket.write(requestFrame(produceApi, 7, produceRequest('orders', 5, recordBatch(), 0)))

    await client.closed
    expect(storedCount).toBe(1)
  })

  test('holds no more than a few requests of a client that does not read', async () => {
    const hung = cluster.control('Metadata', fault.hang())
    client.socket.write(requestFrame(metadataApi, 6, metadataRequest(null)))
    await hung.applied
    const large = requestFrame(produceApi, 7, produceRequest('orders', 0, Buffer.alloc(90_000)))
    const before = process.memoryUsage().arrayBuffers
    for (let count = 0; count < 1_000; count += 1) client.socket.write(large)
    const other = await WireClient.connect(cluster.bootstrap)
    for (let count = 0; count < 50; count += 1) {
      await other.send(metadataApi, 6, metadataRequest(null))
    }

    // 90 MB were offered; the client's own queue holds views of one and the same frame.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(30_000_000)
    await other.close()
  })

  test('reports a defect of a handler and closes, without harm to others', async () => {
    cluster.control('Metadata', () => {
      throw new Error('defect')
    })

    await expect(client.send(metadataApi, 6, metadataRequest(null))).rejects.toThrow('closed')

    expect(internalErrors.splice(0)).toEqual([expect.objectContaining({ message: 'defect' })])
    const other = await WireClient.connect(cluster.bootstrap)
    await other.send(metadataApi, 6, metadataRequest(null))
    await other.close()
  })
})
