import { describe, expect, it } from 'vitest'
import { Progress } from '../../src/cli/progress.ts'
import { FakeClock } from '../support/fake-clock.ts'

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

  it('is a plain line every 10 s at most elsewhere, and a last one', async () => {
    const { clock, written, progress } = harnessOf(false)
    for (let second = 0; second < 22; second += 1) {
      await clock.advance(1_000)
      progress.advance(1, 1)
    }
    progress.end()

    expect(written).toEqual([
      'read 10 records, 1/s, 1 %, 16 min 30 s left\n',
      'read 20 records, 1/s, 2 %, 16 min 20 s left\n',
      'read 22 records, 1/s in 22 s\n',
    ])
  })

  it('does not go beyond 100 %, nor divide by nothing', async () => {
    const { clock, written, progress } = harnessOf(false)
    await clock.advance(10_000)
    progress.advance(0, 0)
    await clock.advance(7_200_000)
    progress.advance(7_210, 2_000)

    expect(written).toEqual(['read 0 records, 0 %\n', 'read 7210 records, 1/s, 100 %, 0 s left\n'])
  })

  it('says what is being done, and to what, without a rate of less than one a second', async () => {
    const clock = new FakeClock()
    const written: string[] = []
    const stream = { write: (text: string) => written.push(text) }
    const progress = new Progress({ stream, clock, verb: 'took', noun: 'measure', total: 4 })
    progress.doing('latency')
    await clock.advance(10_000)
    progress.advance(1, 1)
    await clock.advance(10_000)
    progress.doing('memory')

    expect(written).toEqual([
      'took 1 measure, 25 %, 30 s left: latency\n',
      'took 1 measure, 25 %, 1 min 0 s left: memory\n',
    ])
  })
})
