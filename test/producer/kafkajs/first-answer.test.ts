import { describe, expect, it } from 'vitest'
import { firstAnswer } from '../../../src/producer/kafkajs/first-answer.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** Scripted candidates. */
class Candidates {
  readonly clock = new FakeClock()
  readonly asked: string[] = []
  readonly #pending = new Map<string, PromiseWithResolvers<string>>()

  ask(names: readonly string[]): Promise<string> {
    const answer = firstAnswer(this.clock, names, (name) => {
      this.asked.push(name)
      const pending = Promise.withResolvers<string>()
      this.#pending.set(name, pending)
      return pending.promise
    })
    answer.catch(() => undefined)
    return answer
  }

  async answer(name: string): Promise<void> {
    this.#pending.get(name)?.resolve(`answer of ${name}`)
    await this.clock.advance(0)
  }

  async fail(name: string, error: unknown = new Error(`${name} failed`)): Promise<void> {
    this.#pending.get(name)?.reject(error)
    await this.clock.advance(0)
  }
}

describe('firstAnswer', () => {
  it('asks only one if that answers within 250 ms', async () => {
    const candidates = new Candidates()
    const answer = candidates.ask(['a', 'b'])

    await candidates.clock.advance(249)
    await candidates.answer('a')

    expect(await answer).toBe('answer of a')
    await candidates.clock.advance(1_000)
    expect(candidates.asked).toEqual(['a'])
    expect(candidates.clock.timers).toBe(0)
  })

  it('asks the next one every 250 ms while nobody answers, and takes whichever answer comes first', async () => {
    const candidates = new Candidates()
    const answer = candidates.ask(['a', 'b', 'c', 'd'])

    await candidates.clock.advance(500)
    const asked = [...candidates.asked]
    await candidates.answer('b')
    await candidates.answer('a')

    expect(asked).toEqual(['a', 'b', 'c'])
    expect(await answer).toBe('answer of b')
    expect(candidates.clock.timers).toBe(0)
  })

  it('has asked all of them after 5 s, however many there are', async () => {
    const candidates = new Candidates()
    const names = Array.from({ length: 100 }, (_, index) => `${index}`)
    void candidates.ask(names)

    await candidates.clock.advance(5_000)

    expect(candidates.asked).toEqual(names)
  })

  it('asks the next one at once when one fails', async () => {
    const candidates = new Candidates()
    const answer = candidates.ask(['a', 'b'])

    await candidates.fail('a')
    await candidates.answer('b')

    expect(await answer).toBe('answer of b')
  })

  it('asks no other when one fails after another has answered', async () => {
    const candidates = new Candidates()
    const answer = candidates.ask(['a', 'b', 'c'])

    await candidates.clock.advance(250)
    await candidates.answer('b')
    await candidates.fail('a')

    expect(await answer).toBe('answer of b')
    expect(candidates.asked).toEqual(['a', 'b'])
  })

  it('fails when all have, for what the last one failed', async () => {
    const candidates = new Candidates()
    const answer = candidates.ask(['a', 'b'])

    await candidates.clock.advance(250)
    await candidates.fail('b')
    await candidates.fail('a')

    await expect(answer).rejects.toThrow('a failed')
    expect(candidates.clock.timers).toBe(0)
  })

  it('fails for credentials that one refused rather than for others that are out of reach', async () => {
    const candidates = new Candidates()
    const refused = Object.assign(new Error('no such user'), {
      name: 'KafkaJSSASLAuthenticationError',
    })
    const answer = candidates.ask(['a', 'b'])

    await candidates.fail('a', refused)
    await candidates.fail('b')

    await expect(answer).rejects.toThrow('no such user')
  })
})
