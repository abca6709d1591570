import { describe, expect, test } from 'vitest'
import { ANSWER_TIMEOUT_MS, Question } from '../../../src/operations/thread/question.ts'
import { ManualClock } from '../../telemetry/logging/manual-clock.ts'

const makeQuestion = () => {
  const clock = new ManualClock()
  let sent = 0
  const question = new Question<string>(clock, () => (sent += 1))
  return { clock, question, sent: () => sent }
}

describe('Question', () => {
  test('is sent once for all clients that wait, and again after the answer', async () => {
    const { clock, question, sent } = makeQuestion()

    const both = Promise.all([question.ask(), question.ask()])
    expect(sent()).toBe(1)
    question.answer('first')
    expect(await both).toEqual(['first', 'first'])
    const third = question.ask()
    question.answer('second')

    expect(await third).toBe('second')
    expect(sent()).toBe(2)
    expect(clock.pendingTimers).toBe(0)
  })

  test('fails with 503 when there is no answer in time, and is not sent again before there is one', async () => {
    const { clock, question, sent } = makeQuestion()

    const early = question.ask()
    clock.advance(ANSWER_TIMEOUT_MS - 1)
    const late = question.ask()
    clock.advance(1)

    await expect(early).rejects.toMatchObject({
      status: 503,
      message: 'The event loop of kprf has not answered for 5 s.',
    })
    question.answer('at last')
    expect(await late).toBe('at last')
    expect(sent()).toBe(1)
  })

  test('fails with 500 for all clients that wait if there is no answer, and is sent again', async () => {
    const { question, sent } = makeQuestion()

    const both = Promise.allSettled([question.ask(), question.ask()])
    question.fail()
    const failure = { reason: { status: 500, message: 'A bug in kprf.' } }
    expect(await both).toMatchObject([failure, failure])
    const next = question.ask()
    question.answer('well')

    expect(await next).toBe('well')
    expect(sent()).toBe(2)
  })
})
