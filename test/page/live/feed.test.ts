import { describe, expect, it } from 'vitest'
import type { LiveSample, LiveSource } from '../../../src/base/live-sample.ts'
import {
  LiveFeed,
  MAX_MISSED,
  MAX_VIEWERS,
  SAMPLE_INTERVAL_MS,
  type Viewer,
} from '../../../src/page/live/feed.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { IDLE_SAMPLE, LIVE_IDENTITY } from '../../support/live-sample.ts'

class FakeViewer implements Viewer {
  hasRead = true
  readonly events: string[] = []
  wasEnded = false
  wasCut = false

  /** The names of the events so far. */
  get names(): (string | undefined)[] {
    return this.events.map((event) => /^event: (.*)$/m.exec(event)?.[1])
  }

  send(event: string): void {
    this.events.push(event)
  }

  end(): void {
    this.wasEnded = true
  }

  cut(): void {
    this.wasCut = true
  }
}

const start = (take: () => LiveSample | Promise<LiveSample> = () => IDLE_SAMPLE) => {
  const clock = new FakeClock()
  let samples = 0
  const source: LiveSource = {
    identity: LIVE_IDENTITY,
    take: () => {
      samples += 1
      return take()
    },
  }
  const feed = new LiveFeed({ source, clock })
  return { clock, feed, taken: () => samples }
}

describe('LiveFeed', () => {
  it('takes no sample and sets no timer while nobody looks', async () => {
    const { clock, taken } = start()

    await clock.advance(10 * SAMPLE_INTERVAL_MS)

    expect(taken()).toBe(0)
    expect(clock.timers).toBe(0)
  })

  it('tells a viewer first whose page it is, then the figures once a second', async () => {
    const { clock, feed } = start()
    const viewer = new FakeViewer()

    feed.add(viewer)
    await clock.advance(2 * SAMPLE_INTERVAL_MS)

    expect(viewer.names).toEqual(['hello', 'figures', 'figures', 'figures'])
    expect(viewer.events[0]).toContain(JSON.stringify(LIVE_IDENTITY))
  })

  it('takes one sample for all viewers', async () => {
    const { clock, feed, taken } = start()
    const viewers = Array.from({ length: 5 }, () => new FakeViewer())
    for (const viewer of viewers) feed.add(viewer)

    await clock.advance(3 * SAMPLE_INTERVAL_MS)

    expect(taken()).toBe(4)
    for (const { events } of viewers) expect(events).toHaveLength(5)
  })

  it('stops when the last viewer leaves, and begins again with the next', async () => {
    const { clock, feed, taken } = start()
    const leave = feed.add(new FakeViewer())
    await settle()
    leave()
    await clock.advance(10 * SAMPLE_INTERVAL_MS)
    expect(taken()).toBe(1)
    expect(clock.timers).toBe(0)

    const viewer = new FakeViewer()
    feed.add(viewer)
    await clock.advance(0)

    expect(viewer.names).toEqual(['hello', 'figures'])
    // Not over the time in which nobody looked.
    expect(viewer.events[1]).toContain('"rates":null')
  })

  it('keeps nothing for a viewer that does not read, and cuts it off in the end', async () => {
    const { clock, feed } = start()
    const [slow, other] = [new FakeViewer(), new FakeViewer()]
    feed.add(slow)
    feed.add(other)
    await settle()
    slow.hasRead = false

    await clock.advance((MAX_MISSED - 1) * SAMPLE_INTERVAL_MS)
    expect(slow.names).toEqual(['hello', 'figures'])
    expect([slow.wasCut, feed.size]).toEqual([false, 2])
    await clock.advance(SAMPLE_INTERVAL_MS)

    expect([slow.wasCut, feed.size]).toEqual([true, 1])
    expect([other.wasCut, other.events.length]).toEqual([false, MAX_MISSED + 2])
  })

  it('forgives a viewer that reads again', async () => {
    const { clock, feed } = start()
    const viewer = new FakeViewer()
    feed.add(viewer)
    await settle()
    for (let round = 0; round < 3; round += 1) {
      viewer.hasRead = false
      await clock.advance((MAX_MISSED - 1) * SAMPLE_INTERVAL_MS)
      viewer.hasRead = true
      await clock.advance(SAMPLE_INTERVAL_MS)
    }

    expect(viewer.wasCut).toBe(false)
  })

  it('leaves out a sample that cannot be had, and goes on', async () => {
    let fails = true
    const { clock, feed } = start(() => {
      if (fails) throw new Error('the main thread does not answer')
      return IDLE_SAMPLE
    })
    const viewer = new FakeViewer()
    feed.add(viewer)
    await clock.advance(SAMPLE_INTERVAL_MS)
    expect(viewer.names).toEqual(['hello'])
    fails = false

    await clock.advance(SAMPLE_INTERVAL_MS)

    expect(viewer.names).toEqual(['hello', 'figures'])
  })

  it('asks for no further sample while one is under way', async () => {
    const { promise, resolve } = Promise.withResolvers<LiveSample>()
    const { clock, feed, taken } = start(() => promise)
    feed.add(new FakeViewer())
    await clock.advance(5 * SAMPLE_INTERVAL_MS)
    feed.add(new FakeViewer())
    await clock.advance(5 * SAMPLE_INTERVAL_MS)
    expect(taken()).toBe(1)

    resolve(IDLE_SAMPLE)
    await clock.advance(SAMPLE_INTERVAL_MS)

    expect(taken()).toBe(2)
  })

  it('has room for so many viewers, and for one more when one leaves', () => {
    const { feed } = start()
    const leave = Array.from({ length: MAX_VIEWERS }, () => feed.add(new FakeViewer()))
    expect(feed.hasRoom).toBe(false)

    leave[0]?.()

    expect(feed.hasRoom).toBe(true)
  })

  it('ends all streams on demand, and takes those who begin again', async () => {
    const { clock, feed } = start()
    const [viewer, next] = [new FakeViewer(), new FakeViewer()]
    feed.add(viewer)
    await settle()

    feed.endAll()
    expect([viewer.wasEnded, feed.size, feed.hasRoom, clock.timers]).toEqual([true, 0, true, 0])
    feed.add(next)
    await clock.advance(SAMPLE_INTERVAL_MS)

    expect([viewer.names, next.names]).toEqual([
      ['hello', 'figures'],
      ['hello', 'figures', 'figures'],
    ])
  })

  it('ends all streams when it is closed, also while a sample is under way', async () => {
    const { promise, resolve } = Promise.withResolvers<LiveSample>()
    const { clock, feed } = start(() => promise)
    const viewer = new FakeViewer()
    feed.add(viewer)
    await settle()

    feed.close()
    resolve(IDLE_SAMPLE)
    await clock.advance(5 * SAMPLE_INTERVAL_MS)

    expect([viewer.wasEnded, viewer.names]).toEqual([true, ['hello']])
    expect([feed.hasRoom, clock.timers]).toEqual([false, 0])
  })
})
