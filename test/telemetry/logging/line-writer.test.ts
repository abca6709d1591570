import { describe, expect, test } from 'vitest'
import type { LogDestination, WriteListener } from '../../../src/telemetry/logging/destinations.ts'
import {
  CLOSE_TIMEOUT_MS,
  LineWriter,
  MAX_WAITING_CHARACTERS,
  RETRY_MS,
} from '../../../src/telemetry/logging/line-writer.ts'
import { ManualClock } from './manual-clock.ts'

/** Keeps every write waiting until the test says how it ends. */
class FakeDestination implements LogDestination {
  #files: readonly Buffer[] = [Buffer.alloc(0)]
  closes = 0
  hasFiles = true
  #write: { readonly bytes: Buffer; readonly onWritten: WriteListener } | undefined

  write(bytes: Buffer, onWritten: WriteListener): void {
    if (this.#write !== undefined) throw new Error('a second write at the same time')
    this.#write = { bytes, onWritten }
  }

  reopen(): boolean {
    if (this.hasFiles) this.#files = [...this.#files, Buffer.alloc(0)]
    return this.hasFiles
  }

  close(): void {
    this.closes += 1
  }

  /** Contents of the files, in the order in which they were opened. */
  get files(): string[] {
    return this.#files.map((bytes) => bytes.toString())
  }

  get isBusy(): boolean {
    return this.#write !== undefined
  }

  /** Ends the write under way: takes `count` bytes, then reports `error`. */
  finish(count = Infinity, error: Error | null = null): void {
    if (this.#write === undefined) throw new Error('no write is under way')
    const { bytes, onWritten } = this.#write
    this.#write = undefined
    const taken = bytes.subarray(0, count)
    const current = this.#files.at(-1) ?? Buffer.alloc(0)
    this.#files = [...this.#files.slice(0, -1), Buffer.concat([current, taken])]
    onWritten(error, taken.length)
  }

  fail(count = 0): void {
    this.finish(count, new Error('no space left on device'))
  }
}

const makeWriter = (): {
  clock: ManualClock
  destination: FakeDestination
  writer: LineWriter
} => {
  const clock = new ManualClock()
  const destination = new FakeDestination()
  const droppedLine = (count: number): string => `${count} dropped\n`
  return { clock, destination, writer: new LineWriter({ destination, clock, droppedLine }) }
}

/** Lets promises settle that have nothing more to wait for. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i += 1) await Promise.resolve()
}

describe('LineWriter', () => {
  test('writes the first line at once, and those that came meanwhile together', () => {
    const { destination, writer } = makeWriter()

    for (const line of ['a\n', 'b\n', 'c\n']) writer.write(line)
    destination.finish()
    expect(destination.files).toEqual(['a\n'])
    destination.finish()

    expect(destination.files).toEqual(['a\nb\nc\n'])
    expect(destination.isBusy).toBe(false)
  })

  test('goes on where a write stopped short', () => {
    const { destination, writer } = makeWriter()
    writer.write('h\u00e9llo\n')

    destination.finish(2)
    destination.finish(3)
    destination.finish()

    expect(destination.files).toEqual(['h\u00e9llo\n'])
  })

  test('tries a failed write again after a pause, without losing or repeating a byte', () => {
    const { clock, destination, writer } = makeWriter()
    writer.write('hello\n')

    destination.fail(2)
    writer.write('world\n')
    clock.advance(RETRY_MS - 1)
    expect(destination.isBusy).toBe(false)
    clock.advance(1)
    destination.fail(0)
    clock.advance(RETRY_MS)
    destination.finish()
    destination.finish()

    expect(destination.files).toEqual(['hello\nworld\n'])
  })

  test('drops lines that find no room, and says how many once it can write', () => {
    const { destination, writer } = makeWriter()
    const half = `${'x'.repeat(MAX_WAITING_CHARACTERS / 2 - 1)}\n`

    writer.write(half)
    writer.write(half)
    writer.write('y\n')
    writer.write('z\n')
    destination.finish()
    destination.finish()
    writer.write('later\n')
    destination.finish()

    expect(destination.files).toEqual([`${half}${half}2 dropped\nlater\n`])
  })

  test('has room again as soon as a write is done', () => {
    const { destination, writer } = makeWriter()
    const full = `${'x'.repeat(MAX_WAITING_CHARACTERS - 1)}\n`

    for (let i = 0; i < 3; i += 1) {
      writer.write(full)
      destination.finish()
    }

    expect(destination.files).toEqual([full.repeat(3)])
  })

  test('keeps a bounded number of lines while nothing can be written', () => {
    const { clock, destination, writer } = makeWriter()
    const line = `${'x'.repeat(999)}\n`

    for (let i = 0; i < 10_000; i += 1) writer.write(line)
    destination.fail()
    clock.advance(RETRY_MS)
    destination.finish()
    destination.finish()

    const kept = Math.floor(MAX_WAITING_CHARACTERS / line.length)
    expect(destination.files).toEqual([`${line.repeat(kept)}${10_000 - kept} dropped\n`])
  })
})

describe('LineWriter.reopen', () => {
  test('writes what waits into the new file at once', () => {
    const { destination, writer } = makeWriter()
    writer.write('old\n')
    destination.fail()

    writer.reopen()
    destination.finish()

    expect(destination.files).toEqual(['', 'old\n'])
  })

  test('repeats a line in the new file that was cut off in the old one', () => {
    const { destination, writer } = makeWriter()
    writer.write('one\n')
    writer.write('two\n')
    writer.write('three\n')
    destination.finish()
    destination.fail('two\nth'.length)

    writer.reopen()
    destination.finish()

    expect(destination.files).toEqual(['one\ntwo\nth', 'three\n'])
  })

  test('repeats nothing when the old file ends with a whole line', () => {
    const { destination, writer } = makeWriter()
    writer.write('one\n')
    writer.write('two\n')
    writer.write('three\n')
    destination.finish()
    destination.fail('two\n'.length)

    writer.reopen()
    destination.finish()

    expect(destination.files).toEqual(['one\ntwo\n', 'three\n'])
  })

  test('repeats nothing where there is no new file', () => {
    const { destination, writer } = makeWriter()
    destination.hasFiles = false
    writer.write('hello\n')
    destination.fail('he'.length)

    writer.reopen()
    destination.finish()

    expect(destination.files).toEqual(['hello\n'])
  })
})

describe('LineWriter.close', () => {
  test('waits until everything is written', async () => {
    const { clock, destination, writer } = makeWriter()
    writer.write('a\n')
    writer.write('b\n')

    const closed = writer.close()
    destination.finish()
    await settle()
    expect(destination.closes).toBe(0)
    destination.finish()
    await closed

    expect(destination.files).toEqual(['a\nb\n'])
    expect(destination.closes).toBe(1)
    expect(clock.pendingTimers).toBe(0)
  })

  test('is over at once when nothing waits', async () => {
    const { destination, writer } = makeWriter()

    await writer.close()

    expect(destination.closes).toBe(1)
  })

  test('tries a failed write once more, then gives up', async () => {
    const { destination, writer } = makeWriter()
    writer.write('a\n')
    destination.fail()

    const closed = writer.close()
    destination.fail()
    await closed

    expect(destination.files).toEqual([''])
    expect(destination.closes).toBe(1)
  })

  test('gives up on a write that never ends', async () => {
    const { clock, destination, writer } = makeWriter()
    writer.write('a\n')

    const closed = writer.close()
    clock.advance(CLOSE_TIMEOUT_MS)
    await closed

    expect(destination.closes).toBe(1)
  })

  test.each([null, new Error('no space left on device')])(
    'touches the destination no more after it gave up, however the write ends (%s)',
    async (error) => {
      const { clock, destination, writer } = makeWriter()
      writer.write('a\n')
      writer.write('b\n')
      const closed = writer.close()
      clock.advance(CLOSE_TIMEOUT_MS)
      await closed

      destination.finish(Infinity, error)
      writer.reopen()

      expect(destination.isBusy).toBe(false)
      expect(destination.closes).toBe(1)
      expect(destination.files).toHaveLength(1)
      expect(clock.pendingTimers).toBe(0)
    },
  )

  test('ignores lines that come later', async () => {
    const { destination, writer } = makeWriter()
    await writer.close()

    writer.write('late\n')

    expect(destination.isBusy).toBe(false)
  })
})
