import { describe, expect, test } from 'vitest'
import { DeliveryTimeouts } from '../../src/producer/delivery-timeouts.ts'
import { FakeClock } from '../support/fake-clock.ts'

const TIMEOUT_MS = 2_000

/** Delivery timeouts over records that are only the times at which they expire. */
class Fixture {
  readonly clock = new FakeClock()
  readonly timeouts: DeliveryTimeouts
  /** When it swept, and up to which deadline. */
  readonly sweeps: (readonly [atMs: number, nowMs: number])[] = []
  /** Deadlines of what is buffered, in the order of admission. */
  buffered: number[] = []
  /** How many of the oldest are in flight: they outlive a sweep. */
  inFlight = 0
  /** Called during each sweep that reports records, as delivery reports are. */
  onReport: () => void = () => undefined

  constructor() {
    const { clock } = this
    this.timeouts = new DeliveryTimeouts({ clock, sweep: (nowMs) => this.#sweep(nowMs) })
  }

  /** Admits a record now. */
  admit(timeoutMs = TIMEOUT_MS): void {
    const deadlineMs = this.clock.nowMs() + timeoutMs
    this.buffered.push(deadlineMs)
    this.timeouts.watch(deadlineMs)
  }

  #sweep(nowMs: number): number {
    this.sweeps.push([this.clock.nowMs(), nowMs])
    const count = this.buffered.length
    this.buffered = this.buffered.filter(
      (deadlineMs, index) => index < this.inFlight || deadlineMs > nowMs,
    )
    const firstMs = Math.min(...this.buffered)
    if (this.buffered.length < count) this.onReport()
    return firstMs
  }
}

describe('DeliveryTimeouts', () => {
  test('sweeps exactly when the first record expires', async () => {
    const fixture = new Fixture()
    await fixture.clock.advance(500)
    fixture.admit()

    await fixture.clock.advance(TIMEOUT_MS - 1)
    const before = [...fixture.sweeps]
    await fixture.clock.advance(1)

    expect(before).toEqual([])
    expect(fixture.sweeps).toEqual([[2_500, 2_500]])
  })

  test('has one timer however many records there are', async () => {
    const fixture = new Fixture()

    for (let n = 0; n < 100; n += 1) {
      fixture.admit()
      await fixture.clock.advance(1)
    }

    expect(fixture.clock.timers).toBe(1)
  })

  test('sweeps earlier for a record that comes later and has less time', async () => {
    const fixture = new Fixture()
    fixture.admit(10_000)
    fixture.admit(Infinity)
    await fixture.clock.advance(500)
    fixture.admit(1_000)

    await fixture.clock.advance(20_000)

    expect(fixture.sweeps).toEqual([
      [1_500, 1_500],
      [10_000, 10_000],
    ])
    expect(fixture.buffered).toEqual([Infinity])
    expect(fixture.clock.timers).toBe(0)
  })

  test('goes on with the first deadline of those that are left', async () => {
    const fixture = new Fixture()
    fixture.admit()
    await fixture.clock.advance(700)
    fixture.admit()

    await fixture.clock.advance(10_000)

    expect(fixture.sweeps).toEqual([
      [2_000, 2_000],
      [2_700, 2_700],
    ])
  })

  test('takes records that were due together in one sweep', async () => {
    const fixture = new Fixture()
    fixture.admit()
    fixture.admit()
    fixture.admit()

    await fixture.clock.advance(10_000)

    expect(fixture.sweeps).toEqual([[2_000, 2_000]])
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
      [2_000, 2_000],
      [5_000, 5_000],
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

  test('watches nothing for a record that never expires', async () => {
    const fixture = new Fixture()

    fixture.admit(Infinity)
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

  test.each([
    [4_000, 4_300],
    [4_300, 4_000],
  ])(
    'watches the first deadline of the records that reports brought: %i, %i',
    async (...broughtMs) => {
      const fixture = new Fixture()
      fixture.admit()
      fixture.onReport = () => {
        fixture.onReport = () => undefined
        for (const deadlineMs of broughtMs) fixture.timeouts.watch(deadlineMs)
      }

      await fixture.clock.advance(2 * TIMEOUT_MS)

      expect(fixture.sweeps.map(([atMs]) => atMs)).toEqual([2_000, 4_000])
    },
  )

  test('watches a record that a report brought when nothing else was left', async () => {
    const fixture = new Fixture()
    fixture.admit()
    fixture.onReport = () => {
      fixture.onReport = () => undefined
      fixture.admit()
    }

    await fixture.clock.advance(2 * TIMEOUT_MS)

    expect(fixture.sweeps).toEqual([
      [2_000, 2_000],
      [4_000, 4_000],
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
