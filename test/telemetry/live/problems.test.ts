import { describe, expect, it } from 'vitest'
import { REMEDIES } from '../../../src/base/remedies.ts'
import {
  FORGET_AFTER_MS,
  MAX_TOPICS_OF_PROBLEM,
  Problems,
} from '../../../src/telemetry/live/problems.ts'
import { MAX_TOPIC_LABELS } from '../../../src/telemetry/metrics/topic-labels.ts'

const make = (labelOf = (topic: string) => topic) => {
  let nowMs = 1_000
  const problems = new Problems(labelOf, () => nowMs)
  return {
    problems,
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

describe('Problems', () => {
  it('say what a code means, what was last, how often, and what to do', () => {
    const { problems, pass } = make()
    problems.addRecords({ code: 'BUFFER_FULL', text: 'first', topic: 'a', records: 3 })
    pass(10)
    problems.add({ code: 'BUFFER_FULL', text: 'last', requests: 1 })

    expect(problems.list()).toEqual([
      {
        code: 'BUFFER_FULL',
        meaning: 'The queue is full.',
        text: 'last',
        remedy: REMEDIES.BUFFER_FULL,
        ...{ topics: ['a'], records: 3, requests: 1, times: 2, lastMs: 1_010 },
      },
    ])
  })

  it('come newest first', () => {
    const { problems, pass } = make()
    for (const code of ['INVALID_JSON', 'NOT_FOUND', 'INVALID_JSON', 'WORKER_DIED'] as const) {
      pass(1)
      problems.add({ code, requests: 1 })
    }

    expect(problems.list().map(({ code }) => code)).toEqual([
      'WORKER_DIED',
      'INVALID_JSON',
      'NOT_FOUND',
    ])
  })

  it('have the remedy of the moment, if one is known', () => {
    const { problems } = make()
    problems.add({ code: 'BROKER_CONNECTION', text: 'a:9092: x', remedy: 'Do this.' })
    expect(problems.list()).toMatchObject([{ remedy: 'Do this.' }])

    problems.add({ code: 'BROKER_CONNECTION', text: 'b:9092: y' })

    expect(problems.list()[0]?.remedy).toMatch(/^Check that the broker runs/)
  })

  it('cannot be filled by names and words that clients make up', () => {
    const { problems } = make(() => 'other')
    for (let number = 0; number < 10_000; number += 1) {
      const topic = `made-up-${number}`
      const text = `${number}`.repeat(1_000)
      problems.addRecords({ code: 'TOPIC_UNKNOWN', text, topic, records: 1 })
    }

    const [problem, ...others] = problems.list()
    expect(others).toEqual([])
    expect(problem?.records).toBe(10_000)
    expect(problem?.topics).toEqual(['made-up-9999', 'made-up-9998', 'made-up-9997'])
    expect(problem?.topics).toHaveLength(MAX_TOPICS_OF_PROBLEM)
    expect(problem?.text).toHaveLength(300)
    expect(Object.keys(problems.topicFailures())).toEqual(['other'])
  })

  it('keep the last failure of as many topics as there are labels', () => {
    const { problems } = make()
    for (let number = 0; number < 3 * MAX_TOPIC_LABELS; number += 1) {
      problems.addRecords({ code: 'BUFFER_FULL', topic: `t${number}`, records: 1 })
    }

    const topics = Object.keys(problems.topicFailures())
    expect(topics).toHaveLength(MAX_TOPIC_LABELS + 1)
    expect(topics.at(-1)).toBe(`t${3 * MAX_TOPIC_LABELS - 1}`)
  })

  it('are forgotten after an hour, and then begin again', () => {
    const { problems, pass } = make()
    problems.addRecords({ code: 'BUFFER_FULL', topic: 'a', records: 5 })
    pass(FORGET_AFTER_MS + 1)
    expect([problems.list(), problems.topicFailures()]).toEqual([[], {}])

    problems.add({ code: 'BUFFER_FULL', requests: 1 })

    expect(problems.list()).toMatchObject([{ records: 0, requests: 1, times: 1, topics: [] }])
  })

  it('begin again also if nobody looked in the meantime', () => {
    const { problems, pass } = make()
    problems.add({ code: 'BUFFER_FULL', requests: 5 })
    pass(FORGET_AFTER_MS + 1)

    problems.add({ code: 'BUFFER_FULL', requests: 1 })

    expect(problems.list()).toMatchObject([{ requests: 1 }])
  })
})
