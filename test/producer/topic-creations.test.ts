import { describe, expect, it } from 'vitest'
import { TopicCreations } from '../../src/producer/topic-creations.ts'
import { TopicEntry } from '../../src/producer/topic-entry.ts'

const MINUTE_MS = 60_000

/** Turns of topics that are called by their numbers. */
class Fixture {
  readonly creations: TopicCreations
  readonly entries = new Map<string, TopicEntry>()
  /** Topics that let their turn pass. */
  readonly absent = new Set<string>()

  constructor(perMinute: number, topics: number) {
    this.creations = new TopicCreations(perMinute)
    for (let n = 0; n < topics; n += 1) this.enter(`${n}`)
  }

  enter(topic: string): TopicEntry {
    const entry = this.entries.get(topic) ?? new TopicEntry(topic, 0)
    this.entries.set(topic, entry)
    this.creations.enter(entry)
    return entry
  }

  /** The topics that have their turns at a time. */
  at(nowMs: number): string {
    const topics: string[] = []
    this.creations.giveTurns(nowMs, ({ topic }) => {
      if (this.absent.has(topic)) return false
      topics.push(topic)
      return true
    })
    return topics.join(' ')
  }
}

describe('TopicCreations', () => {
  it('gives as many turns at once as there are in a minute, and then one after the other', () => {
    const fixture = new Fixture(4, 8)

    expect(fixture.at(0)).toBe('0 1 2 3')
    expect(fixture.at(14_999)).toBe('')
    expect(fixture.at(15_000)).toBe('4')
    expect(fixture.creations.nextAtMs).toBe(30_000)
    expect(fixture.at(30_000)).toBe('5')
  })

  it('never gives more in a minute than twice the bound, however long nobody came', () => {
    const fixture = new Fixture(3, 3)
    fixture.at(0)
    for (let n = 3; n < 20; n += 1) fixture.enter(`${n}`)

    expect(fixture.at(100 * MINUTE_MS)).toBe('3 4 5')
    expect(fixture.at(101 * MINUTE_MS)).toBe('6 7 8')
  })

  it('gives every turn at once where there is no bound', () => {
    const fixture = new Fixture(0, 1_000)

    expect(fixture.at(0).split(' ')).toHaveLength(1_000)
  })

  it('gives one turn in several minutes where a process has a fraction of one', () => {
    const fixture = new Fixture(0.5, 3)

    expect(fixture.at(0)).toBe('0')
    expect(fixture.at(2 * MINUTE_MS - 1)).toBe('')
    expect(fixture.at(2 * MINUTE_MS)).toBe('1')
  })

  it('gives the turn of a topic that nobody waits for to the next', () => {
    const fixture = new Fixture(1, 3)
    fixture.absent.add('0')

    expect(fixture.at(0)).toBe('1')
  })

  it('keeps the place of a topic that comes again', () => {
    const fixture = new Fixture(1, 2)
    fixture.enter('0')

    expect(fixture.at(0)).toBe('0')
  })

  it('gives no turn to a topic that left', () => {
    const fixture = new Fixture(1, 1)
    const entry = fixture.enter('0')

    fixture.creations.leave(entry)

    expect(fixture.creations.has(entry)).toBe(false)
    expect(fixture.creations.nextAtMs).toBe(Infinity)
    expect(fixture.at(0)).toBe('')
  })
})
