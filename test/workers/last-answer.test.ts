import { describe, expect, it } from 'vitest'
import { LastAnswer } from '../../src/workers/last-answer.ts'
import { FakeClock } from '../support/fake-clock.ts'

const make = () => {
  const clock = new FakeClock()
  const asked: number[] = []
  const answer = new LastAnswer(clock, 'nothing yet')
  const ask = () => answer.ask((id) => asked.push(id))
  return { clock, asked, answer, ask }
}

describe('LastAnswer', () => {
  it('is the answer to the question, and no timer is left', async () => {
    const { clock, asked, answer, ask } = make()
    const asking = ask()
    answer.answered(asked[0] ?? -1, 'now')

    expect([await asking, answer.last, clock.timers]).toEqual(['now', 'now', 0])
  })

  it('is the previous answer if none comes within a second', async () => {
    const { clock, asked, answer, ask } = make()
    const first = ask()
    answer.answered(asked[0] ?? -1, 'before')
    await first

    const second = ask()
    await clock.advance(1_000)

    expect(await second).toBe('before')
  })

  it('is what was said last once the other process has ended', async () => {
    const { answer, ask } = make()
    const asking = ask()
    answer.told('the last words')
    answer.end()

    expect([await asking, await ask()]).toEqual(['the last words', 'the last words'])
  })
})
