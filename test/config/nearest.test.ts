import { describe, expect, it } from 'vitest'
import { nearest } from '../../src/config/nearest.ts'

const spellings = [
  ['kafka.brokers', 'kafka.brokers'],
  ['kafka.retries', 'kafka.retries'],
  ['retries', 'kafka.retries'],
] as const

describe('nearest', () => {
  it.each([
    ['kafka.broker', 'kafka.brokers'],
    ['kafka.borkers', 'kafka.brokers'],
    ['kafka_brokers', 'kafka.brokers'],
    ['KAFKA.BROKERS', 'kafka.brokers'],
    ['kafka.retry', 'kafka.retries'],
    ['retrys', 'kafka.retries'],
  ])('takes %s for %s', (word, name) => {
    expect(nearest(word, spellings)).toBe(name)
  })

  it.each([['wal.directory'], ['x'], ['']])('has no guess for %j', (word) => {
    expect(nearest(word, spellings)).toBeUndefined()
  })

  it.each([
    ['abc', 'abcdef', false],
    ['abcd', 'abcdef', true],
    ['abcdef', 'abcd', true],
    ['abcdef', 'abxxef', true],
    ['abcdef', 'axxxef', false],
  ])('counts inserted, deleted and replaced letters: %s, %s', (word, name, isNear) => {
    expect(nearest(word, [[name, name]])).toBe(isNear ? name : undefined)
  })

  it('prefers the first of those equally near', () => {
    const twins = [
      ['abcd', 'first'],
      ['abce', 'second'],
    ] as const

    expect(nearest('abcx', twins)).toBe('first')
  })
})
