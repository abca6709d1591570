import { describe, expect, it } from 'vitest'
import { ProduceCall } from '../../../src/producer/kafkajs/produce-call.ts'
import { StallWatch } from '../../../src/producer/kafkajs/stall-watch.ts'
import { countWork } from '../../support/count-work.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** The part of a socket that a carrier uses. */
class FakeSocket {
  bytesRead = 0
  destroyed = false

  destroy(): void {
    this.destroyed = true
  }
}

const TOPIC = { name: 't', errorNumber: 0 }

class Fixture {
  readonly clock = new FakeClock()
  readonly stalled: string[] = []
  readonly watch = new StallWatch({
    clock: this.clock,
    onStalled: (topic) => this.stalled.push(topic),
  })

  /** A request for partition 0, sent to broker 1. */
  send(topic = 't'): { readonly socket: FakeSocket; readonly done: () => void } {
    const socket = new FakeSocket()
    const batch = { topic, partition: 0, pieces: [], sizeBytes: 0 }
    const call = new ProduceCall({ leader: 1, batches: [batch] })
    call.sendOn(socket as never)
    return { socket, done: this.watch.watch(call) }
  }

  learnLeader(leader: number | undefined): void {
    this.watch.learn({ brokers: [], topics: [{ ...TOPIC, leaders: [leader] }] })
  }
}

describe('StallWatch.learn', () => {
  it('takes ten times the work for ten times the topics', async () => {
    const workOf = async (count: number): Promise<number> => {
      const fixture = new Fixture()
      const topics = Array.from({ length: count }, (_, n) => ({
        ...TOPIC,
        name: `t${n}`,
        leaders: [1],
      }))
      for (const { name } of topics) fixture.send(name)
      await fixture.clock.advance(2_000)
      return await countWork('/stall-watch.ts', () => {
        fixture.watch.learn({ brokers: [], topics })
      })
    }

    expect(await workOf(1_000)).toBeLessThan(15 * (await workOf(100)))
  })
})

describe('StallWatch', () => {
  it('asks about a topic whose request has had no answer for two seconds, and again each second', async () => {
    const fixture = new Fixture()
    fixture.send()

    await fixture.clock.advance(1_999)
    const early = [...fixture.stalled]
    await fixture.clock.advance(2_001)

    expect(early).toEqual([])
    expect(fixture.stalled).toEqual(['t', 't', 't'])
  })

  it('asks about a topic once, however many of its requests are stalled', async () => {
    const fixture = new Fixture()
    for (const topic of ['t', 't', 'u']) fixture.send(topic)

    await fixture.clock.advance(2_000)

    expect(fixture.stalled).toEqual(['t', 'u'])
  })

  it('does not ask about answered requests, and then has no timer', async () => {
    const fixture = new Fixture()
    fixture.send().done()

    await fixture.clock.advance(2_000)

    expect(fixture.stalled).toEqual([])
    expect(fixture.clock.timers).toBe(0)
  })

  it('gives up a stalled request and its connection when another broker leads', async () => {
    const fixture = new Fixture()
    const { socket } = fixture.send()
    await fixture.clock.advance(2_000)

    fixture.learnLeader(2)

    expect(socket.destroyed).toBe(true)
  })

  it.each([
    ['the same broker leads', 1],
    ['nobody leads', undefined],
  ])('leaves it alone while %s', async (_, leader) => {
    const fixture = new Fixture()
    const { socket } = fixture.send()
    await fixture.clock.advance(2_000)

    fixture.learnLeader(leader)

    expect(socket.destroyed).toBe(false)
  })

  it('leaves a request alone that is not stalled yet', async () => {
    const fixture = new Fixture()
    const { socket } = fixture.send()
    await fixture.clock.advance(1_999)

    fixture.learnLeader(2)

    expect(socket.destroyed).toBe(false)
  })

  it('keeps a request while the broker answers others on the same connection', async () => {
    const fixture = new Fixture()
    const { socket } = fixture.send()
    socket.bytesRead = 100
    await fixture.clock.advance(2_000)

    fixture.learnLeader(2)

    expect(socket.destroyed).toBe(false)
  })

  it('gives up a request when the broker answered others, or half of it, and then went silent', async () => {
    const fixture = new Fixture()
    const { socket } = fixture.send()
    socket.bytesRead = 100
    await fixture.clock.advance(4_000)

    fixture.learnLeader(2)

    expect(socket.destroyed).toBe(true)
  })

  it('leaves requests of other topics alone', async () => {
    const fixture = new Fixture()
    const { socket } = fixture.send('u')
    await fixture.clock.advance(2_000)

    fixture.learnLeader(2)

    expect(socket.destroyed).toBe(false)
  })

  it('has no timer once it is closed', () => {
    const fixture = new Fixture()
    fixture.send()

    fixture.watch.close()

    expect(fixture.clock.timers).toBe(0)
  })
})
