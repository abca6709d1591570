import { describe, expect, it } from 'vitest'
import { InFlightCounter } from '../../src/ingest/in-flight.ts'

const limitOf = (requestsInFlight: number): InFlightCounter => {
  const counter = new InFlightCounter()
  counter.use([{ principals: ['a*'], requestsInFlight }])
  return counter
}

describe('InFlightCounter', () => {
  it('admits as many requests of each principal as its rule says, and one more for each that ends', () => {
    const counter = limitOf(2)

    expect(['a', 'a', 'a', 'a2', 'b'].map((name) => counter.enter(name))).toEqual([
      ...[true, true, false, true, true],
    ])
    counter.leave('a')
    expect([counter.enter('a'), counter.enter('a')]).toEqual([true, false])
  })

  it('counts requests in flight towards new rules', () => {
    const counter = limitOf(2)
    counter.enter('a')
    counter.enter('a')

    counter.use([{ principals: ['a'], requestsInFlight: 1 }])
    counter.leave('a')
    expect(counter.enter('a')).toBe(false)
    counter.leave('a')
    expect(counter.enter('a')).toBe(true)
  })

  it('remembers only principals with requests in flight', () => {
    const counter = limitOf(2)
    for (let n = 0; n < 1000; n += 1) {
      counter.enter(`a${n}`)
      counter.leave(`a${n}`)
    }

    expect(counter.size).toBe(0)
  })
})
