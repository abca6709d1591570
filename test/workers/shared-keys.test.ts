import { describe, expect, it } from 'vitest'
import { ACCEPTED, type IdempotencyKey } from '../../src/base/idempotency.ts'
import { IdempotencyTable } from '../../src/ingest/idempotency-table.ts'
import { SharedKeys } from '../../src/workers/shared-keys.ts'
import { FakeClock } from '../support/fake-clock.ts'

const [ONE, OTHER] = [{ name: 'one' }, { name: 'other' }]
const key = (identity: string): IdempotencyKey => ({ identity, fingerprint: 'body' })

interface Made {
  readonly clock: FakeClock
  readonly keys: SharedKeys
  /** What a worker is told of a key: nothing yet, or the kind of its state. */
  readonly ask: (worker: object, identity: string) => () => string | undefined
}

function make(isLogged: boolean): Made {
  const clock = new FakeClock()
  const table = new IdempotencyTable({
    ...{ windowMs: 600_000, maxKeys: 10, unknownOutcome: 'replay' },
    onForgotten: () => undefined,
  })
  const keys = new SharedKeys({ table, clock, isLogged })
  const ask = (worker: object, identity: string): (() => string | undefined) => {
    let told: string | undefined
    keys.begin(worker, key(identity), (state) => {
      told = state.kind === 'ended' ? state.outcome.kind : state.kind
    })
    return () => told
  }
  return { clock, keys, ask }
}

describe('SharedKeys', () => {
  it('are those of all workers', () => {
    const { keys, ask } = make(false)

    expect(ask(ONE, 'a')()).toBe('begun')
    expect(ask(OTHER, 'a')()).toBe('inUse')
    keys.end(ONE, key('a'), ACCEPTED)
    expect(ask(OTHER, 'a')()).toBe('accepted')
    expect(keys.size).toBe(1)
  })

  it('of a worker that died are unknown, and those of others are not', () => {
    const { keys, ask } = make(false)
    ask(ONE, 'a')
    ask(OTHER, 'b')

    keys.ended(ONE)

    expect([ask(OTHER, 'a')(), ask(ONE, 'b')()]).toEqual(['unknown', 'inUse'])
  })

  describe('with a write-ahead log', () => {
    it('are given to nobody before every worker has told what its log knows', () => {
      const { keys, ask } = make(true)
      const [early, other] = [ask(ONE, 'a'), ask(ONE, 'b')]

      expect(early()).toBe(undefined)
      keys.restore('slot-01', OTHER, [{ ...key('a'), outcome: ACCEPTED, ageMs: 5 }])
      keys.allStarted()

      expect([early(), other(), ask(ONE, 'c')()]).toEqual(['accepted', 'begun', 'begun'])
    })

    it('of a worker that died are what its log says, once another has read that', () => {
      const { keys, ask } = make(true)
      keys.restore('slot-00', ONE, [])
      keys.restore('slot-01', OTHER, [])
      keys.allStarted()
      for (const identity of ['logged', 'not logged']) ask(ONE, identity)
      ask(OTHER, 'alive')

      keys.ended(ONE)
      const meanwhile = ask(OTHER, 'logged')()
      keys.restore('slot-00', undefined, [{ ...key('logged'), outcome: ACCEPTED, ageMs: 5 }])

      expect(meanwhile).toBe('inUse')
      expect(ask(OTHER, 'logged')()).toBe('accepted')
      expect(ask(OTHER, 'not logged')()).toBe('begun')
      expect(ask(ONE, 'alive')()).toBe('inUse')
    })

    it('of a worker that died are unknown if nobody has read its log for half a minute', async () => {
      const { clock, keys, ask } = make(true)
      keys.allStarted()
      ask(ONE, 'a')

      keys.ended(ONE)
      await clock.advance(29_999)
      expect(ask(OTHER, 'a')()).toBe('inUse')
      await clock.advance(1)

      expect(ask(OTHER, 'a')()).toBe('unknown')
    })

    it('leave no timer behind when they are closed', () => {
      const { clock, keys } = make(true)
      keys.ended(ONE)

      keys.close()

      expect(clock.timers).toBe(0)
    })
  })
})
