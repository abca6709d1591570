import { randomBytes } from 'node:crypto'
import { PassThrough } from 'node:stream'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it, vi } from 'vitest'
import { ProxyError } from '../../src/base/errors.ts'
import { BodyReader } from '../../src/http/body.ts'
import { ByteBudget } from '../../src/http/byte-budget.ts'
import { ReadTurns } from '../../src/http/read-turns.ts'
import { FakeClock } from '../support/fake-clock.ts'

/** A request whose body the test writes. */
function requestOf(headers: IncomingMessage['headers'] = {}): PassThrough & IncomingMessage {
  const socket = { remoteAddress: '192.0.2.1' }
  return Object.assign(new PassThrough(), { headers, socket, httpVersionMinor: 1 }) as never
}

function budgetOf(maxBytes: number, clock = new FakeClock()): ByteBudget {
  return new ByteBudget({ maxBytes, stalledMs: 2000, progressBytes: 10, clock })
}

const noResponse = undefined as never as ServerResponse

describe('BodyReader', () => {
  it('returns a body of one chunk as it is, uncopied', async () => {
    const reader = new BodyReader(
      { maxBytes: 100, maxRatio: 0 },
      budgetOf(100),
      new ReadTurns(new FakeClock()),
    )
    const request = requestOf({ 'content-length': '4' })
    const chunk = Buffer.from('body')
    const reading = reader.read(request, noResponse)

    request.emit('data', chunk)
    request.emit('end')
    const body = await reading

    expect(body?.bytes).toBe(chunk)
  })

  it('joins the chunks of a body', async () => {
    const reader = new BodyReader(
      { maxBytes: 100, maxRatio: 0 },
      budgetOf(100),
      new ReadTurns(new FakeClock()),
    )
    const request = requestOf()
    const reading = reader.read(request, noResponse)

    request.write('bo')
    request.end('dy')
    const body = await reading

    expect(body?.bytes.toString()).toBe('body')
  })

  it('holds the bytes of a body until it is released, and gives them back once', async () => {
    const budget = budgetOf(100)
    const request = requestOf()
    const reading = new BodyReader(
      { maxBytes: 100, maxRatio: 0 },
      budget,
      new ReadTurns(new FakeClock()),
    ).read(request, noResponse)

    request.end('body')
    const body = await reading
    const heldBefore = budget.heldBytes
    body?.release()
    body?.release()

    expect(heldBefore).toBe(4)
    expect(budget.heldBytes).toBe(0)
    expect(body?.bytes).toHaveLength(0)
  })

  it('holds what comes out of a compressed body, not what went in', async () => {
    const budget = budgetOf(10_000)
    const request = requestOf({ 'content-encoding': 'gzip' })
    const reading = new BodyReader(
      { maxBytes: 1000, maxRatio: 0 },
      budget,
      new ReadTurns(new FakeClock()),
    ).read(request, noResponse)

    request.end(gzipSync('x'.repeat(900)))
    const body = await reading

    expect(body?.bytes).toHaveLength(900)
    expect(budget.heldBytes).toBe(900)
  })

  it.each([
    { fact: 'is too large', encoding: undefined, sent: Buffer.alloc(101), code: 'BODY_TOO_LARGE' },
    {
      fact: 'is too large once decompressed',
      encoding: 'gzip',
      sent: gzipSync(Buffer.alloc(101)),
      code: 'BODY_TOO_LARGE',
    },
    {
      fact: 'does not decompress',
      encoding: 'gzip',
      sent: Buffer.from('x'),
      code: 'INVALID_ENCODED_BODY',
    },
  ])('holds nothing of a body that $fact', async ({ encoding, sent, code }) => {
    const budget = budgetOf(1000)
    const request = requestOf(encoding === undefined ? {} : { 'content-encoding': encoding })
    const reading = new BodyReader(
      { maxBytes: 100, maxRatio: 0 },
      budget,
      new ReadTurns(new FakeClock()),
    ).read(request, noResponse)

    request.end(sent)

    await expect(reading).rejects.toMatchObject({ code })
    expect(budget.heldBytes).toBe(0)
  })

  it('refuses a body that finds the budget exhausted, and holds nothing of it', async () => {
    const budget = budgetOf(5)
    const reader = new BodyReader(
      { maxBytes: 100, maxRatio: 0 },
      budget,
      new ReadTurns(new FakeClock()),
    )
    const first = requestOf()
    const firstReading = reader.read(first, noResponse)
    first.end('four')
    await firstReading
    const second = requestOf()

    const secondReading = reader.read(second, noResponse)
    second.write('1')
    second.write('2')

    await expect(secondReading).rejects.toMatchObject({ code: 'OVERLOADED' })
    expect(budget.heldBytes).toBe(4)
  })

  it('takes a compressed body into a budget that has room for it and for little more', async () => {
    const body = gzipSync('x'.repeat(900))
    const budget = budgetOf(body.length + 900)
    const request = requestOf({ 'content-encoding': 'gzip' })
    const reading = new BodyReader(
      { maxBytes: 1_000_000, maxRatio: 0 },
      budget,
      new ReadTurns(new FakeClock()),
    ).read(request, noResponse)

    request.end(body)

    expect((await reading)?.bytes).toHaveLength(900)
  })

  it.each([
    { ratio: 10, becomes: 131_072, isRefused: false },
    { ratio: 10, becomes: 131_073, isRefused: true },
    { ratio: 0, becomes: 4_000_000, isRefused: false },
    { ratio: 1_200, becomes: 4_000_000, isRefused: false },
  ])(
    'takes a body of which each byte may become $ratio where $becomes bytes of zeros come out: not if $isRefused',
    async ({ ratio, becomes, isRefused }) => {
      const budget = budgetOf(10_000_000)
      const request = requestOf({ 'content-encoding': 'gzip' })
      const reader = new BodyReader(
        { maxBytes: 8_000_000, maxRatio: ratio },
        budget,
        new ReadTurns(new FakeClock()),
      )
      const reading = reader.read(request, noResponse).catch((error: unknown) => error)

      request.end(gzipSync(Buffer.alloc(becomes), { level: 9 }))
      const outcome = await reading

      expect(outcome instanceof ProxyError).toBe(isRefused)
      if (isRefused) {
        expect(outcome).toMatchObject({
          code: 'BODY_TOO_LARGE',
          message: expect.stringContaining('http.max_compression_ratio') as string,
        })
        expect(budget.heldBytes).toBe(0)
      }
    },
  )

  it('lets a body decompress up to the limit for its compressed size', async () => {
    const compressed = gzipSync(Buffer.alloc(4_000_000), { level: 0 })
    const request = requestOf({ 'content-encoding': 'gzip' })
    const limits = { maxBytes: 8_000_000, maxRatio: 1 }
    const reading = new BodyReader(
      limits,
      budgetOf(10_000_000),
      new ReadTurns(new FakeClock()),
    ).read(request, noResponse)

    request.end(compressed)

    expect((await reading)?.bytes).toHaveLength(4_000_000)
  })

  it.each([1000, 1_000_000])(
    'refuses a compressed body when its %i decompressed bytes do not fit the budget',
    async (length) => {
      const budget = budgetOf(length)
      const request = requestOf({ 'content-encoding': 'gzip' })
      const reading = new BodyReader(
        { maxBytes: 1_000_000, maxRatio: 0 },
        budget,
        new ReadTurns(new FakeClock()),
      ).read(request, noResponse)

      request.end(gzipSync('x'.repeat(length)))

      await expect(reading).rejects.toMatchObject({ code: 'OVERLOADED' })
      expect(budget.heldBytes).toBe(0)
    },
  )

  it('takes memory only for the bytes decompressed before a refusal', async () => {
    const budget = budgetOf(300_000)
    const request = requestOf({ 'content-encoding': 'gzip' })
    const takings: number[] = []
    const open = budget.open.bind(budget)
    vi.spyOn(budget, 'open').mockImplementation((address) => {
      const held = open(address)
      const take = held.take.bind(held)
      vi.spyOn(held, 'take').mockImplementation((bytes) => {
        takings.push(bytes)
        return take(bytes)
      })
      return held
    })
    const reading = new BodyReader(
      { maxBytes: 8_000_000, maxRatio: 0 },
      budget,
      new ReadTurns(new FakeClock()),
    ).read(request, noResponse)

    request.end(gzipSync(Buffer.alloc(8_000_000)))

    await expect(reading).rejects.toMatchObject({ code: 'OVERLOADED' })
    expect(Math.max(...takings)).toBeLessThanOrEqual(65_536)
    expect(takings.length).toBeLessThanOrEqual(6)
  })

  it.each([
    { encoding: 'gzip', compress: gzipSync, length: 100 },
    { encoding: 'gzip', compress: gzipSync, length: 65_536 },
    { encoding: 'gzip', compress: gzipSync, length: 65_537 },
    { encoding: 'gzip', compress: gzipSync, length: 5_000_000 },
    { encoding: 'deflate', compress: deflateSync, length: 5_000_000 },
    { encoding: 'br', compress: brotliCompressSync, length: 5_000_000 },
    { encoding: 'zstd', compress: zstdCompressSync, length: 100 },
    { encoding: 'zstd', compress: zstdCompressSync, length: 65_537 },
    { encoding: 'zstd', compress: zstdCompressSync, length: 5_000_000 },
  ])('decompresses $length bytes of $encoding', async ({ encoding, compress, length }) => {
    const budget = budgetOf(10_000_000)
    const plain = Buffer.alloc(length, 'some text ')
    const request = requestOf({ 'content-encoding': encoding })
    const reading = new BodyReader(
      { maxBytes: length, maxRatio: 0 },
      budget,
      new ReadTurns(new FakeClock()),
    ).read(request, noResponse)

    request.end(compress(plain))
    const body = await reading

    expect(body?.bytes.equals(plain)).toBe(true)
    expect(budget.heldBytes).toBe(length)
  })

  it.each([1, 100_000])(
    'decompresses gzip of several members of %i bytes, and skips the zeros that pad them',
    async (length) => {
      const member = gzipSync('x'.repeat(length))
      const request = requestOf({ 'content-encoding': 'gzip' })
      const reading = new BodyReader(
        { maxBytes: 1_000_000, maxRatio: 0 },
        budgetOf(1_000_000),
        new ReadTurns(new FakeClock()),
      ).read(request, noResponse)

      request.end(Buffer.concat([member, member, Buffer.alloc(512)]))

      expect((await reading)?.bytes).toHaveLength(2 * length)
    },
  )

  it.each([100, 1_000_000])('refuses truncated gzip of %i bytes', async (length) => {
    const budget = budgetOf(3_000_000)
    const request = requestOf({ 'content-encoding': 'gzip' })
    const reading = new BodyReader(
      { maxBytes: 2_000_000, maxRatio: 0 },
      budget,
      new ReadTurns(new FakeClock()),
    ).read(request, noResponse)

    request.end(gzipSync(randomBytes(length)).subarray(0, -9))

    await expect(reading).rejects.toMatchObject({ code: 'INVALID_ENCODED_BODY' })
    expect(budget.heldBytes).toBe(0)
  })

  it('holds a byte for each byte of a body that comes in pieces of one, and keeps none of the pieces', async () => {
    const budget = budgetOf(100_000)
    const request = requestOf()
    const reading = new BodyReader(
      { maxBytes: 100_000, maxRatio: 0 },
      budget,
      new ReadTurns(new FakeClock()),
    ).read(request, noResponse)
    const piece = Buffer.from('x')

    for (let n = 0; n < 50_000; n += 1) request.emit('data', piece)
    const heldBytes = budget.heldBytes
    request.emit('end')
    const body = await reading

    expect(heldBytes).toBe(50_000)
    expect(body?.bytes).toHaveLength(50_000)
    expect(body?.bytes.buffer.byteLength).toBeLessThanOrEqual(100_000)
  })

  it('frees the memory of a body in pieces once it is dropped, and counts it until the release', async () => {
    const budget = budgetOf(100_000)
    const request = requestOf()
    const reading = new BodyReader(
      { maxBytes: 100_000, maxRatio: 0 },
      budget,
      new ReadTurns(new FakeClock()),
    ).read(request, noResponse)
    request.end('body')
    const body = await reading
    const memory = body?.bytes.buffer

    body?.drop()

    expect(memory).toHaveProperty('detached', true)
    expect(body?.bytes).toHaveLength(0)
    expect(budget.heldBytes).toBe(4)
  })

  it('gives up a body that has stalled when another needs its room, and says why', async () => {
    const clock = new FakeClock()
    const budget = budgetOf(100, clock)
    const reader = new BodyReader(
      { maxBytes: 100, maxRatio: 0 },
      budget,
      new ReadTurns(new FakeClock()),
    )
    const stalled = requestOf({ 'content-length': '100' })
    const stalledReading = reader.read(stalled, noResponse)
    const other = requestOf({ 'content-length': '90' })
    const otherReading = reader.read(other, noResponse)
    stalled.emit('data', Buffer.alloc(60))

    await clock.advance(2000)
    other.emit('data', Buffer.alloc(90))
    other.emit('end')
    stalled.emit('data', Buffer.alloc(40))
    stalled.emit('end')

    expect((await otherReading)?.bytes).toHaveLength(90)
    await expect(stalledReading).rejects.toMatchObject({
      code: 'REQUEST_TIMEOUT',
      message: expect.stringContaining('other bodies needed its memory') as unknown,
    })
    expect(budget.heldBytes).toBe(90)
  })

  it('returns nothing, and holds nothing, when the client leaves', async () => {
    const budget = budgetOf(100)
    const request = requestOf()
    const reading = new BodyReader(
      { maxBytes: 100, maxRatio: 0 },
      budget,
      new ReadTurns(new FakeClock()),
    ).read(request, noResponse)

    request.write('body')
    request.destroy()

    expect(await reading).toBeUndefined()
    expect(budget.heldBytes).toBe(0)
  })

  it('reads no byte of a body that is too large by its Content-Length', async () => {
    const request = requestOf({ 'content-length': '101' })

    const reading = new BodyReader(
      { maxBytes: 100, maxRatio: 0 },
      budgetOf(100),
      new ReadTurns(new FakeClock()),
    ).read(request, noResponse)

    await expect(reading).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' })
    expect(request.listenerCount('data')).toBe(0)
  })
})
