import { PassThrough } from 'node:stream'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { BodyReader } from '../../src/http/body.ts'
import { ByteBudget } from '../../src/http/byte-budget.ts'

/** A request whose body the test writes. */
function requestOf(headers: IncomingMessage['headers'] = {}): PassThrough & IncomingMessage {
  return Object.assign(new PassThrough(), { headers, httpVersionMinor: 1 }) as never
}

const noResponse = undefined as never as ServerResponse

describe('BodyReader', () => {
  it('returns a body of one chunk as it is, uncopied', async () => {
    const reader = new BodyReader(100, new ByteBudget(100))
    const request = requestOf()
    const chunk = Buffer.from('body')
    const reading = reader.read(request, noResponse)

    request.emit('data', chunk)
    request.emit('end')
    const body = await reading

    expect(body?.bytes).toBe(chunk)
  })

  it('joins the chunks of a body', async () => {
    const reader = new BodyReader(100, new ByteBudget(100))
    const request = requestOf()
    const reading = reader.read(request, noResponse)

    request.write('bo')
    request.end('dy')
    const body = await reading

    expect(body?.bytes.toString()).toBe('body')
  })

  it('holds the bytes of a body until it is released, and gives them back once', async () => {
    const budget = new ByteBudget(100)
    const request = requestOf()
    const reading = new BodyReader(100, budget).read(request, noResponse)

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
    const budget = new ByteBudget(10_000)
    const request = requestOf({ 'content-encoding': 'gzip' })
    const reading = new BodyReader(1000, budget).read(request, noResponse)

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
    const budget = new ByteBudget(1000)
    const request = requestOf(encoding === undefined ? {} : { 'content-encoding': encoding })
    const reading = new BodyReader(100, budget).read(request, noResponse)

    request.end(sent)

    await expect(reading).rejects.toMatchObject({ code })
    expect(budget.heldBytes).toBe(0)
  })

  it('refuses a body that finds the budget exhausted, and holds nothing of it', async () => {
    const budget = new ByteBudget(5)
    const reader = new BodyReader(100, budget)
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

  it('refuses a compressed body when what may come out of it does not fit the budget', async () => {
    const budget = new ByteBudget(100)
    const request = requestOf({ 'content-encoding': 'gzip' })
    const reading = new BodyReader(100, budget).read(request, noResponse)

    request.end(gzipSync('x'))

    await expect(reading).rejects.toMatchObject({ code: 'OVERLOADED' })
    expect(budget.heldBytes).toBe(0)
  })

  it('returns nothing, and holds nothing, when the client leaves', async () => {
    const budget = new ByteBudget(100)
    const request = requestOf()
    const reading = new BodyReader(100, budget).read(request, noResponse)

    request.write('body')
    request.destroy()

    expect(await reading).toBeUndefined()
    expect(budget.heldBytes).toBe(0)
  })

  it('reads no byte of a body that is too large by its Content-Length', async () => {
    const request = requestOf({ 'content-length': '101' })

    const reading = new BodyReader(100, new ByteBudget(100)).read(request, noResponse)

    await expect(reading).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' })
    expect(request.listenerCount('data')).toBe(0)
  })
})
