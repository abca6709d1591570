import { describe, expect, it } from 'vitest'
import { Progress } from '../../../src/cli/wal/progress.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** A progress of 1000 bytes, and what it wrote. */
function harnessOf(isTTY: boolean): {
  readonly clock: FakeClock
  readonly written: string[]
  readonly progress: Progress
} {
  const clock = new FakeClock()
  const written: string[] = []
  const stream = { isTTY, write: (text: string) => written.push(text) }
  const progress = new Progress({ stream, clock, verb: 'read', total: 1_000 })
  return { clock, written, progress }
}

describe('the progress of a command', () => {
  it('is one line that is rewritten on a terminal, with rate and time left', async () => {
    const { clock, written, progress } = harnessOf(true)
    progress.advance(1, 10)
    await clock.advance(10_000)
    progress.advance(49, 190)
    progress.advance(1, 10)
    await clock.advance(100_000)
    progress.advance(49, 90)
    progress.end()

    expect(written).toEqual([
      '\r\u001B[Kread 50 records, 5/s, 20 %, 40 s left',
      '\r\u001B[Kread 100 records, 1/s, 30 %, 4 min 17 s left',
      '\r\u001B[Kread 100 records, 1/s in 1 min 50 s',
      '\n',
    ])
  })

  it('is a plain line every 5 s at most elsewhere, and a last one', async () => {
    const { clock, written, progress } = harnessOf(false)
    for (let second = 0; second < 12; second += 1) {
      await clock.advance(1_000)
      progress.advance(1, 1)
    }
    progress.end()

    expect(written).toEqual([
      'read 5 records, 1/s, 0 %, 16 min 35 s left\n',
      'read 10 records, 1/s, 1 %, 16 min 30 s left\n',
      'read 12 records, 1/s in 12 s\n',
    ])
  })

  it('does not go beyond 100 %, nor divide by nothing', async () => {
    const { clock, written, progress } = harnessOf(false)
    await clock.advance(5_000)
    progress.advance(0, 0)
    await clock.advance(7_200_000)
    progress.advance(7_205, 2_000)

    expect(written).toEqual([
      'read 0 records, 0/s, 0 %\n',
      'read 7205 records, 1/s, 100 %, 0 s left\n',
    ])
  })
})
