import type { IncomingMessage, ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import { constants, createGzip, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { BodyReader } from '../../src/http/body.ts'
import type { BodyStream, StreamLimits } from '../../src/http/body-stream.ts'
import { ByteBudget } from '../../src/http/byte-budget.ts'
import { ReadTurns } from '../../src/http/read-turns.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'

const noResponse = undefined as never as ServerResponse
/** What Node may hold of a body that is paused, and what decompression takes. */
const UNREAD = 131_072
const DECOMPRESSION = 98_304

interface Harness {
  readonly request: PassThrough & IncomingMessage
  readonly budget: ByteBudget
  readonly clock: FakeClock
  readonly stream: BodyStream
}

function open(
  headers: IncomingMessage['headers'] = {},
  { maxBytes, ...limits }: StreamLimits & { readonly budgetBytes?: number } = {},
  clock = new FakeClock(),
  budget = new ByteBudget({
    ...{ maxBytes: limits.budgetBytes ?? 1_000_000, stalledMs: 2000, progressBytes: 10, clock },
  }),
): Harness {
  const socket = { remoteAddress: '192.0.2.1' }
  const plain = new PassThrough()
  const request = Object.assign(plain, {
    headers,
    socket,
    httpVersionMinor: 1,
  }) as never as PassThrough & IncomingMessage
  const reader = new BodyReader({ maxBytes: 10, maxRatio: 10 }, budget, new ReadTurns(clock))
  const stream = reader.stream(request, noResponse, {
    ...limits,
    ...(maxBytes !== undefined && { maxBytes }),
  })
  return { request, budget, clock, stream }
}

async function textOf(stream: BodyStream): Promise<string> {
  let text = ''
  for await (const piece of stream) text += piece.toString()
  return text
}

describe('BodyStream', () => {
  it('passes on each piece as it arrives, beyond the limit of whole bodies', async () => {
    const { request, stream, budget } = open()
    const pieces = stream[Symbol.asyncIterator]()

    const seen: unknown[] = []
    for (const text of ['one line\n', 'another\n']) {
      const next = pieces.next()
      request.write(text)
      seen.push(String((await next).value), budget.heldBytes)
    }
    request.end()

    expect(seen).toEqual(['one line\n', 9, 'another\n', 8])
    expect((await pieces.next()).done).toBe(true)
    expect(budget.heldBytes).toBe(0)
  })

  it('reads nothing from the kernel while the route has not taken the last piece', async () => {
    const { request, stream } = open()
    const calls: string[] = []
    const _handle = { readStop: () => calls.push('stop'), readStart: () => calls.push('start') }
    Object.assign(request.socket, { _handle })
    const pieces = stream[Symbol.asyncIterator]()
    const first = pieces.next()
    request.write('a')
    await first
    request.write('b')
    await settle()
    expect(calls).toEqual(['stop'])

    await pieces.next()
    const third = pieces.next()
    await settle()
    expect(calls).toEqual(['stop', 'start'])
    request.end('c')

    expect(String((await third).value)).toBe('c')
  })

  it('reads on to discard the rest, if the route stops while it is held back', async () => {
    const { request, stream } = open()
    const calls: string[] = []
    const _handle = { readStop: () => calls.push('stop'), readStart: () => calls.push('start') }
    Object.assign(request.socket, { _handle })
    request.write('a')
    await settle()
    expect(calls).toEqual(['stop'])

    stream.release()

    expect(calls).toEqual(['stop', 'start'])
  })

  it('holds nothing while nothing comes', async () => {
    const { request, stream, budget } = open()
    const pieces = stream[Symbol.asyncIterator]()
    request.write('x')
    await pieces.next()

    void pieces.next()
    await settle()

    expect(budget.heldBytes).toBe(0)
  })

  it('counts pieces that are not taken, and the buffer of Node, and reads no further', async () => {
    const { request, stream, budget } = open()
    request.write('first')
    await settle()
    request.write('second')
    await settle()

    const heldBytes = budget.heldBytes
    const isFlowing = request.readableFlowing
    request.end()

    expect([heldBytes, isFlowing]).toEqual([UNREAD + 5, false])
    expect(await textOf(stream)).toBe('firstsecond')
    expect(budget.heldBytes).toBe(0)
  })

  it('copies a small piece of a large read', async () => {
    const { request, stream } = open()
    request.write(Buffer.alloc(65_536).subarray(0, 9))

    const { value } = await stream[Symbol.asyncIterator]().next()

    expect(value?.buffer.byteLength).toBe(9)
  })

  it('decompresses each piece as it comes', async () => {
    const { request, stream, budget } = open({ 'content-encoding': 'gzip' })
    const gzip = createGzip()
    gzip.on('data', (piece: Buffer) => request.write(piece))
    gzip.on('end', () => request.end())
    const pieces = stream[Symbol.asyncIterator]()

    const seen: unknown[] = []
    for (const text of ['one line\n', 'another\n']) {
      gzip.write(text)
      gzip.flush(constants.Z_SYNC_FLUSH)
      seen.push(String((await pieces.next()).value))
    }
    const heldBytes = budget.heldBytes
    gzip.end()

    expect(seen).toEqual(['one line\n', 'another\n'])
    expect(heldBytes).toBeGreaterThanOrEqual(DECOMPRESSION)
    expect((await pieces.next()).done).toBe(true)
    expect(budget.heldBytes).toBe(0)
  })

  it('decompresses 5 MB, of which it holds a little', async () => {
    const { request, stream, budget } = open({ 'content-encoding': 'gzip' })
    const text = Buffer.alloc(5_000_000, 'some text or other, ')
    const compressed = gzipSync(text, { level: 0 })
    for (let at = 0; at < compressed.length; at += 65_536) {
      request.write(compressed.subarray(at, at + 65_536))
    }
    request.end()

    let length = 0
    let mostHeld = 0
    for await (const piece of stream) {
      length += piece.length
      mostHeld = Math.max(mostHeld, budget.heldBytes)
      await settle()
    }

    expect(length).toBe(text.length)
    expect(mostHeld).toBeLessThan(400_000)
    expect(budget.heldBytes).toBe(0)
  })

  it.each([
    {
      fact: 'is longer than its route takes',
      limits: { maxBytes: 9 },
      sent: Buffer.alloc(10),
      code: 'BODY_TOO_LARGE',
    },
    {
      fact: 'becomes more than ten times as large, and more than 128 KiB',
      encoding: 'gzip',
      sent: gzipSync(Buffer.alloc(200_000)),
      code: 'BODY_TOO_LARGE',
    },
    {
      fact: 'does not decompress',
      encoding: 'gzip',
      sent: Buffer.from('x'),
      code: 'INVALID_ENCODED_BODY',
    },
    {
      fact: 'ends in the middle of what is compressed',
      encoding: 'gzip',
      sent: gzipSync('x').subarray(0, -1),
      code: 'INVALID_ENCODED_BODY',
    },
    {
      fact: 'finds no room for a piece',
      limits: { budgetBytes: 9 },
      sent: Buffer.alloc(10),
      code: 'OVERLOADED',
    },
    {
      fact: 'finds no room to wait in',
      limits: { budgetBytes: UNREAD },
      sent: Buffer.alloc(10),
      code: 'OVERLOADED',
    },
  ])('fails when it $fact, and holds nothing then', async ({ encoding, limits, sent, code }) => {
    const headers = encoding === undefined ? {} : { 'content-encoding': encoding }
    const { request, stream, budget } = open(headers, limits)

    request.end(sent)
    await settle()

    await expect(textOf(stream)).rejects.toMatchObject({ code })
    expect(budget.heldBytes).toBe(0)
  })

  it.each([
    {
      fact: 'compressed by brotli',
      headers: { 'content-encoding': 'br' },
      code: 'UNSUPPORTED_CONTENT_ENCODING',
    },
    { fact: 'announced as too long', headers: { 'content-length': '11' }, code: 'BODY_TOO_LARGE' },
    {
      fact: 'that finds no room for decompression',
      headers: { 'content-encoding': 'gzip' },
      code: 'OVERLOADED',
    },
  ])('refuses a body $fact at once', ({ headers, code }) => {
    expect(() => open(headers, { maxBytes: 10, budgetBytes: 1000 })).toThrow(
      expect.objectContaining({ code }) as Error,
    )
  })

  it('fails when the client leaves', async () => {
    const { request, stream, budget } = open()
    request.write('x')
    await settle()

    request.destroy()

    await expect(textOf(stream)).rejects.toMatchObject({ name: 'ClientGone' })
    expect(budget.heldBytes).toBe(0)
  })

  it('discards what its route does not read', async () => {
    const { request, stream, budget } = open()
    request.write('first')
    for await (const piece of stream) {
      expect(piece.toString()).toBe('first')
      break
    }

    for (let n = 0; n < 100; n += 1) {
      request.write(Buffer.alloc(10_000))
      await settle()
    }

    expect([request.readableLength, budget.heldBytes]).toEqual([0, 0])
  })

  it('throws no more than 10 MiB away, and reads no further then', async () => {
    const { request, stream } = open()
    stream.release()

    const flowing: unknown[] = []
    for (let mebibytes = 1; mebibytes <= 11; mebibytes += 1) {
      request.write(Buffer.alloc(1_048_576))
      await settle()
      flowing.push(request.readableFlowing)
    }

    expect(flowing).toEqual([...new Array<boolean>(10).fill(true), false])
  })

  it('keeps the memory of decompression while its route has not taken what there is', async () => {
    const limits = { budgetBytes: DECOMPRESSION + UNREAD + 50 }
    const busy = open({ 'content-encoding': 'gzip' }, limits)
    const { clock, budget } = busy
    busy.request.write(gzipSync('x'))
    while (budget.heldBytes < DECOMPRESSION + UNREAD) await settle()
    await clock.advance(2000)

    const other = open({}, limits, clock, budget)
    other.request.write('x'.repeat(100))
    await settle()

    await expect(textOf(other.stream)).rejects.toMatchObject({ code: 'OVERLOADED' })
    busy.request.end()
    expect(await textOf(busy.stream)).toBe('x')
  })

  it('gives the memory of decompression to others when the client sends nothing', async () => {
    const limits = { budgetBytes: DECOMPRESSION + 50 }
    const idle = open({ 'content-encoding': 'gzip' }, limits)
    const { clock, budget } = idle
    const reading = textOf(idle.stream).catch((error: unknown) => error)
    await clock.advance(2000)

    const other = open({}, limits, clock, budget)
    const pieces = other.stream[Symbol.asyncIterator]()
    const next = pieces.next()
    other.request.write('x'.repeat(100))

    expect(String((await next).value)).toHaveLength(100)
    expect(await reading).toMatchObject({ code: 'REQUEST_TIMEOUT' })
    expect(budget.heldBytes).toBe(100)
  })
})
