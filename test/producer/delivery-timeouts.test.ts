import { describe, expect, test } from 'vitest'
import { DeliveryTimeouts } from '../../src/producer/delivery-timeouts.ts'
import { FakeClock } from '../support/fake-clock.ts'

const TIMEOUT_MS = 2_000

/** Delivery timeouts over records that are only the times at which they were admitted. */
class Fixture {
  readonly clock = new FakeClock()
  readonly timeouts: DeliveryTimeouts
  /** When it swept, and up to which admission time. */
  readonly sweeps: (readonly [atMs: number, sinceMs: number])[] = []
  /** Admission times of what is buffered, oldest first. */
  buffered: number[] = []
  /** How many of the oldest are in flight: they outlive a sweep. */
  inFlight = 0
  /** Called during each sweep that reports records, as delivery reports are. */
  onReport: () => void = () => undefined

  constructor(messageTimeoutMs = TIMEOUT_MS) {
    const { clock } = this
    this.timeouts = new DeliveryTimeouts(messageTimeoutMs, {
      clock,
      sweep: (sinceMs) => this.#sweep(sinceMs),
    })
  }

  /** Admits a record now. */
  admit(): void {
    const nowMs = this.clock.nowMs()
    this.buffered.push(nowMs)
    this.timeouts.watch(nowMs)
  }

  #sweep(sinceMs: number): number {
    this.sweeps.push([this.clock.nowMs(), sinceMs])
    const count = this.buffered.length
    this.buffered = this.buffered.filter(
      (admittedMs, index) => index < this.inFlight || admittedMs > sinceMs,
    )
    const oldestMs = this.buffered[0] ?? Infinity
    if (this.buffered.length < count) this.onReport()
    return oldestMs
  }
}

describe('DeliveryTimeouts', () => {
  test('sweeps exactly when the oldest record is message.timeout.ms old', async () => {
    const fixture = new Fixture()
    await fixture.clock.advance(500)
    fixture.admit()

    await fixture.clock.advance(TIMEOUT_MS - 1)
    const before = [...fixture.sweeps]
    await fixture.clock.advance(1)

    expect(before).toEqual([])
    expect(fixture.sweeps).toEqual([[2_500, 500]])
  })

  test('has one timer however many records there are', async () => {
    const fixture = new Fixture()

    for (let n = 0; n < 100; n += 1) {
      fixture.admit()
      await fixture.clock.advance(1)
    }

    expect(fixture.clock.timers).toBe(1)
  })

  test('goes on with the oldest of those that are left', async () => {
    const fixture = new Fixture()
    fixture.admit()
    await fixture.clock.advance(700)
    fixture.admit()

    await fixture.clock.advance(10_000)

    expect(fixture.sweeps).toEqual([
      [2_000, 0],
      [2_700, 700],
    ])
  })

  test('takes records that were due together in one sweep', async () => {
    const fixture = new Fixture()
    fixture.admit()
    fixture.admit()
    fixture.admit()

    await fixture.clock.advance(10_000)

    expect(fixture.sweeps).toEqual([[2_000, 0]])
    expect(fixture.buffered).toEqual([])
  })

  test('has no timer when nothing is left, and starts again with the next record', async () => {
    const fixture = new Fixture()
    fixture.admit()
    await fixture.clock.advance(TIMEOUT_MS)
    const timersBetween = fixture.clock.timers

    await fixture.clock.advance(1_000)
    fixture.admit()
    await fixture.clock.advance(TIMEOUT_MS)

    expect(timersBetween).toBe(0)
    expect(fixture.sweeps).toEqual([
      [2_000, 0],
      [5_000, 3_000],
    ])
  })

  test('looks every ten milliseconds after a record in flight that is overdue', async () => {
    const fixture = new Fixture()
    fixture.admit()
    fixture.inFlight = 1

    await fixture.clock.advance(TIMEOUT_MS + 35)

    expect(fixture.sweeps.map(([atMs]) => atMs)).toEqual([2_000, 2_010, 2_020, 2_030])
    expect(fixture.clock.timers).toBe(1)
  })

  test('does not look more often than that for records that follow closely', async () => {
    const fixture = new Fixture()
    for (let n = 0; n < 30; n += 1) {
      fixture.admit()
      await fixture.clock.advance(1)
    }

    await fixture.clock.advance(TIMEOUT_MS)

    expect(fixture.sweeps.map(([atMs]) => atMs)).toEqual([2_000, 2_010, 2_020, 2_030])
    expect(fixture.buffered).toEqual([])
  })

  test('watches nothing when message.timeout.ms is 0', async () => {
    const fixture = new Fixture(0)

    fixture.admit()
    const { timers } = fixture.clock
    await fixture.clock.advance(1_000_000_000)

    expect(timers).toBe(0)
    expect(fixture.sweeps).toEqual([])
  })

  test('keeps to one timer when a report brings a new record', async () => {
    const fixture = new Fixture()
    fixture.admit()
    await fixture.clock.advance(1_000)
    fixture.admit()
    fixture.onReport = () => {
      fixture.admit()
    }

    await fixture.clock.advance(1_000)

    expect(fixture.clock.timers).toBe(1)
  })

  test('watches the first of the records that reports brought', async () => {
    const fixture = new Fixture()
    fixture.admit()
    fixture.onReport = () => {
      fixture.onReport = () => undefined
      fixture.timeouts.watch(2_000)
      fixture.timeouts.watch(2_300)
    }

    await fixture.clock.advance(2 * TIMEOUT_MS)

    expect(fixture.sweeps.map(([atMs]) => atMs)).toEqual([2_000, 4_000])
  })

  test('watches a record that a report brought when nothing else was left', async () => {
    const fixture = new Fixture()
    fixture.admit()
    fixture.onReport = () => {
      fixture.onReport = () => undefined
      fixture.admit()
    }

    await fixture.clock.advance(2 * TIMEOUT_MS)

    expect(fixture.sweeps).toEqual([
      [2_000, 0],
      [4_000, 2_000],
    ])
  })
})

describe('DeliveryTimeouts.close', () => {
  test('leaves no timer', () => {
    const fixture = new Fixture()
    fixture.admit()

    fixture.timeouts.close()

    expect(fixture.clock.timers).toBe(0)
  })

  test('leaves no timer when a report closes it', async () => {
    const fixture = new Fixture()
    fixture.admit()
    await fixture.clock.advance(1_000)
    fixture.admit()
    fixture.onReport = () => {
      fixture.timeouts.close()
    }

    await fixture.clock.advance(1_000)

    expect(fixture.clock.timers).toBe(0)
  })

  test('is for good', () => {
    const fixture = new Fixture()
    fixture.timeouts.close()

    fixture.admit()

    expect(fixture.clock.timers).toBe(0)
  })

  test('may be called when nothing is watched', () => {
    const fixture = new Fixture()

    fixture.timeouts.close()

    expect(fixture.clock.timers).toBe(0)
  })
})
