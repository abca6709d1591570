/** Bodies in zstd become their content or are refused, whole and while they arrive, with every supported Node.js. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import { constants, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ProxyError } from '../../../src/base/errors.ts'
import { BodyReader } from '../../../src/http/body.ts'
import { ByteBudget } from '../../../src/http/byte-budget.ts'
import { ReadTurns } from '../../../src/http/read-turns.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { SeededRandom, TEST_SEED } from '../../support/random.ts'
import { runs } from '../../support/random-runs.ts'
import {
  cutAnywhere,
  drawBody,
  frameOf,
  RAW_BLOCK,
  skippableFrame,
} from '../../support/zstd-bodies.ts'

const noResponse = undefined as never as ServerResponse

interface Limits {
  readonly maxBytes?: number
  readonly maxRatio?: number
  readonly budgetBytes?: number
}

function arrive({ maxBytes = 10_000_000, maxRatio = 0, budgetBytes = 100_000_000 }: Limits) {
  const clock = new FakeClock()
  const headers = { 'content-encoding': 'zstd' }
  const socket = { remoteAddress: '192.0.2.1' }
  const request = Object.assign(new PassThrough(), {
    ...{ headers, socket, httpVersionMinor: 1 },
  }) as never as PassThrough & IncomingMessage
  const budget = new ByteBudget({
    ...{ maxBytes: budgetBytes, stalledMs: 2000, progressBytes: 10, clock },
  })
  const reader = new BodyReader({ maxBytes, maxRatio }, budget, new ReadTurns(clock))
  return { request, budget, reader }
}

/** The content of a body, or why it is refused. What is held is given back either way. */
async function outcomeOf(read: Promise<Buffer>, budget: ByteBudget): Promise<Buffer | ProxyError> {
  try {
    return await read
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    return error
  } finally {
    expect(budget.heldBytes).toBe(0)
  }
}

async function wholeOf(pieces: readonly Buffer[], limits: Limits = {}) {
  const { request, budget, reader } = arrive(limits)
  const read = async (): Promise<Buffer> => {
    const reading = reader.read(request, noResponse)
    for (const piece of pieces) request.write(piece)
    request.end()
    const body = await reading
    const bytes = Buffer.from(body?.bytes ?? '')
    body?.release()
    return bytes
  }
  return outcomeOf(read(), budget)
}

async function streamedOf(pieces: readonly Buffer[], limits: Limits = {}) {
  const { request, budget, reader } = arrive(limits)
  const read = async (): Promise<Buffer> => {
    const stream = reader.stream(request, noResponse)
    for (const piece of pieces) request.write(piece)
    request.end()
    const content: Buffer[] = []
    try {
      for await (const piece of stream) content.push(Buffer.from(piece))
    } finally {
      stream.release()
    }
    return Buffer.concat(content)
  }
  return outcomeOf(read(), budget)
}

const WAYS = [
  ['whole', wholeOf],
  ['streamed', streamedOf],
] as const

const code = (outcome: Buffer | ProxyError) =>
  outcome instanceof ProxyError ? outcome.code : 'content'

describe.each(WAYS)('a body that is %s', (way, outcomeIn) => {
  it.each([
    ['small frames', { maxFrames: 20, maxBytes: 300 }, 60],
    ['large frames', { maxFrames: 5, maxBytes: 200_000 }, 8],
  ])('becomes the content of all its frames, wherever it is cut: %s', async (_, limits, usual) => {
    const random = new SeededRandom(TEST_SEED)
    for (let run = 0; run < runs(usual); run += 1) {
      const { bytes, content } = drawBody(random, limits)

      const outcome = await outcomeIn(cutAnywhere(bytes, random))

      expect(code(outcome), `seed ${TEST_SEED}, run ${run}`).toBe('content')
      expect(content.equals(outcome as Buffer), `seed ${TEST_SEED}, run ${run}`).toBe(true)
    }
  })

  it('is refused if it ends within a frame, wherever that is', async () => {
    const random = new SeededRandom(TEST_SEED)
    for (let run = 0; run < runs(3); run += 1) {
      const { bytes, ends } = drawBody(random, { maxFrames: 3, maxBytes: 60 })
      for (let length = 1; length < bytes.length; length += 1) {
        const outcome = await outcomeIn([bytes.subarray(0, length)])

        const expected = ends.includes(length) ? 'content' : 'INVALID_ENCODED_BODY'
        expect(code(outcome), `seed ${TEST_SEED}, run ${run}, ${length} bytes`).toBe(expected)
      }
    }
  })

  it('and has checksums never becomes something else, whichever byte is wrong', async () => {
    const random = new SeededRandom(TEST_SEED)
    for (let run = 0; run < runs(100); run += 1) {
      const { bytes, content } = drawBody(random, {
        ...{ maxFrames: 3, maxBytes: 500, hasChecksum: true },
      })
      const at = random.below(bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ random.between(1, 255)

      const outcome = await outcomeIn(cutAnywhere(bytes, random))

      const isSame = Buffer.isBuffer(outcome) && outcome.equals(content)
      const isRefused = code(outcome) === 'INVALID_ENCODED_BODY'
      expect(isSame || isRefused, `seed ${TEST_SEED}, run ${run}, byte ${at}`).toBe(true)
    }
  })

  it.each([
    ['is empty of frames', Buffer.from('{"records": []}'), 'something else than zstd frames'],
    [
      'has something else behind a frame',
      Buffer.concat([zstdCompressSync('a'), Buffer.alloc(8)]),
      'something else than zstd frames',
    ],
    ['is cut', zstdCompressSync('abc').subarray(0, -1), 'its last zstd frame is not complete'],
    [
      'has a window of 16 MiB',
      zstdCompressSync(Buffer.alloc(20_000_000), {
        params: { [constants.ZSTD_c_windowLog]: 24 },
      }),
      'a window of more than 8 MiB (RFC 9659)',
    ],
    [
      'has too many frames',
      Buffer.concat(Array<Buffer>(1_100).fill(zstdCompressSync(''))),
      'too many zstd frames',
    ],
  ])('is refused with its reason if it %s', async (_, bytes, reason) => {
    const outcome = await outcomeIn([bytes])

    expect(outcome).toMatchObject({ code: 'INVALID_ENCODED_BODY' })
    expect(String(outcome)).toContain(reason)
  })

  it.each([
    ['needs a dictionary', frameOf({ descriptor: 0x21, rest: [7, 4], blocks: [RAW_BLOCK] })],
    [
      'has a size that is not its own',
      frameOf({ descriptor: 0x20, rest: [5], blocks: [RAW_BLOCK] }),
    ],
  ])('is refused if it %s', async (_, bytes) => {
    expect(code(await outcomeIn([bytes]))).toBe('INVALID_ENCODED_BODY')
  })

  it('is refused if it becomes more than so many times as large', async () => {
    const bomb = zstdCompressSync(Buffer.alloc(5_000_000))
    const parts = Buffer.concat(Array<Buffer>(300).fill(zstdCompressSync(Buffer.alloc(4_000))))

    expect(code(await outcomeIn([bomb], { maxRatio: 10 }))).toBe('BODY_TOO_LARGE')
    expect(code(await outcomeIn([parts], { maxRatio: 10 }))).toBe('BODY_TOO_LARGE')
    expect(code(await outcomeIn([bomb]))).toBe('content')
  })

  it('may have skippable frames only', async () => {
    const bytes = Buffer.concat([skippableFrame(Buffer.alloc(9)), skippableFrame(Buffer.alloc(0))])

    expect(await outcomeIn([bytes])).toEqual(Buffer.alloc(0))
  })

  it(`has a window of 8 MiB: ${way}`, async () => {
    const content = Buffer.alloc(9_000_000, 'some text ')
    const bytes = zstdCompressSync(content, { params: { [constants.ZSTD_c_windowLog]: 23 } })

    expect(content.equals((await outcomeIn([bytes])) as Buffer)).toBe(true)
  })
})

it('a whole body is refused if it becomes larger than allowed, also in several frames', async () => {
  const frame = zstdCompressSync(Buffer.alloc(600))

  expect(code(await wholeOf([frame], { maxBytes: 600 }))).toBe('content')
  expect(code(await wholeOf([frame], { maxBytes: 599 }))).toBe('BODY_TOO_LARGE')
  expect(code(await wholeOf([frame, frame], { maxBytes: 1199 }))).toBe('BODY_TOO_LARGE')
})

it('a streamed body without a byte is refused, as in gzip', async () => {
  expect(code(await streamedOf([]))).toBe('INVALID_ENCODED_BODY')
})

describe('the window of a streamed body', () => {
  const bytes = zstdCompressSync(Buffer.alloc(5_000_000, 'some text '), {
    params: { [constants.ZSTD_c_windowLog]: 22 },
  })

  it('is counted as long as the body arrives', async () => {
    const { request, budget, reader } = arrive({})
    const stream = reader.stream(request, noResponse)
    const before = budget.heldBytes
    const pieces = stream[Symbol.asyncIterator]()
    const first = pieces.next()

    request.write(bytes)
    await first

    expect(budget.heldBytes - before).toBeGreaterThan(2 ** 22)
    stream.release()
    expect(budget.heldBytes).toBe(0)
  })

  it('that finds no room is refused', async () => {
    expect(code(await streamedOf([bytes], { budgetBytes: 2 ** 22 }))).toBe('OVERLOADED')
  })
})
