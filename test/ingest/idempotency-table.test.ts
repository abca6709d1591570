import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ACCEPTED,
  type KeyOutcome,
  type KeyState,
  NOTHING,
  UNKNOWN,
} from '../../src/base/idempotency.ts'
import {
  IdempotencyTable,
  type IdempotencyTableOptions,
  MAX_REPLY_CHARACTERS,
} from '../../src/ingest/idempotency-table.ts'

const WINDOW_MS = 1_000
const ME = {}
const OTHER = {}

interface Made {
  readonly table: IdempotencyTable
  readonly forgotten: () => number
}

function make(options: Partial<IdempotencyTableOptions> = {}): Made {
  let forgotten = 0
  const table = new IdempotencyTable({
    ...{ windowMs: WINDOW_MS, maxKeys: 3, unknownOutcome: 'replay' },
    onForgotten: () => (forgotten += 1),
    ...options,
  })
  return { table, forgotten: () => forgotten }
}

const key = (identity: string, fingerprint = 'body') => ({ identity, fingerprint })
const answered = (body: string): KeyOutcome => ({
  kind: 'answered',
  reply: { status: 422, contentType: 'application/json', headers: [], body },
})

describe('IdempotencyTable', () => {
  it('begins a key, says that it is in use, and then how it ended', () => {
    const { table } = make()

    expect(table.begin(key('a'), ME, 0).kind).toBe('begun')
    expect(table.begin(key('a'), OTHER, 1).kind).toBe('inUse')
    table.end(key('a'), ME, ACCEPTED, 2)
    expect(table.begin(key('a'), OTHER, 3)).toEqual({ kind: 'ended', outcome: ACCEPTED })
  })

  it('refuses other content under a key, while it is in use and afterwards', () => {
    const { table } = make()

    table.begin(key('a'), ME, 0)
    expect(table.begin(key('a', 'other'), ME, 0).kind).toBe('otherContent')
    table.end(key('a'), ME, ACCEPTED, 0)
    expect(table.begin(key('a', 'other'), ME, 0).kind).toBe('otherContent')
  })

  it('has a key free again if nothing was stored, for any content', () => {
    const { table } = make()

    table.begin(key('a'), ME, 0)
    table.end(key('a'), ME, NOTHING, 0)

    expect(table.size).toBe(0)
    expect(table.begin(key('a', 'other'), ME, 0).kind).toBe('begun')
  })

  it('remembers a key for the window from its end on', () => {
    const { table, forgotten } = make()

    table.begin(key('a'), ME, 0)
    table.end(key('a'), ME, ACCEPTED, 5_000)

    expect(table.begin(key('a'), ME, 5_000 + WINDOW_MS - 1).kind).toBe('ended')
    expect(table.begin(key('a'), ME, 5_000 + WINDOW_MS).kind).toBe('begun')
    expect(forgotten()).toBe(0)
  })

  it('forgets the key that ended first when it is full, and says so', () => {
    const { table, forgotten } = make()
    for (const name of ['a', 'b', 'c']) table.begin(key(name), ME, 0)
    for (const name of ['b', 'a', 'c']) table.end(key(name), ME, ACCEPTED, 1)

    expect(table.begin(key('d'), ME, 2).kind).toBe('begun')
    expect(table.begin(key('a'), ME, 2).kind).toBe('ended')
    expect([table.size, forgotten()]).toEqual([3, 1])
  })

  it('never forgets a key in use: when all are, it refuses one more', () => {
    const { table, forgotten } = make()
    for (const name of ['a', 'b', 'c']) table.begin(key(name), ME, 0)

    expect(table.begin(key('d'), ME, 0).kind).toBe('full')
    expect(table.begin(key('a'), ME, 0).kind).toBe('inUse')
    expect(forgotten()).toBe(0)
  })

  it('limits the replies that it holds, and forgets the oldest keys with a reply or without', () => {
    const { table, forgotten } = make({ maxKeys: 100 })
    const half = answered('x'.repeat(MAX_REPLY_CHARACTERS / 2))
    for (const [name, outcome] of [
      ['a', half],
      ['b', ACCEPTED],
      ['c', half],
      ['d', answered('x')],
    ] as const) {
      table.begin(key(name), ME, 0)
      table.end(key(name), ME, outcome, 0)
    }

    expect(forgotten()).toBe(1)
    expect(table.begin(key('a'), ME, 0).kind).toBe('begun')
    expect(table.begin(key('c'), ME, 0).kind).toBe('ended')
  })

  it('lets no owner end the key of another', () => {
    const { table } = make()

    table.begin(key('a'), ME, 0)
    table.end(key('a'), OTHER, NOTHING, 0)

    expect(table.begin(key('a'), ME, 0).kind).toBe('inUse')
  })

  it('takes what an owner left for unknown, and answers that for ever or not at all', () => {
    const [replaying, producing] = [make().table, make({ unknownOutcome: 'produce' }).table]
    for (const table of [replaying, producing]) {
      table.begin(key('a'), ME, 0)
      table.begin(key('b'), OTHER, 0)
      table.endAll(ME, UNKNOWN, 0)
    }

    expect(replaying.begin(key('a'), OTHER, 0)).toEqual({ kind: 'ended', outcome: UNKNOWN })
    expect(replaying.begin(key('b'), ME, 0).kind).toBe('inUse')
    expect(producing.begin(key('a', 'other'), OTHER, 0).kind).toBe('begun')
  })

  it('adds what a log knows, with its age, and keeps what it knows better', () => {
    const { table } = make()
    table.begin(key('mine'), ME, 0)
    table.begin(key('left'), OTHER, 0)

    const restored = ['mine', 'left', 'new'].map((name) => ({
      ...{ ...key(name), outcome: ACCEPTED, ageMs: WINDOW_MS / 2 },
    }))
    table.restore([...restored, { ...key('old'), outcome: ACCEPTED, ageMs: WINDOW_MS }], OTHER, 0)

    expect(table.begin(key('mine'), ME, 0).kind).toBe('inUse')
    expect(table.begin(key('left'), ME, 0).kind).toBe('ended')
    expect(table.begin(key('new'), ME, 0).kind).toBe('ended')
    expect(table.size).toBe(3)
    expect(table.begin(key('new'), ME, WINDOW_MS / 2).kind).toBe('begun')
  })

  it('keeps the latest of what several logs know of a key', () => {
    const { table } = make()
    const old = { ...key('a', 'old'), outcome: ACCEPTED, ageMs: 20 }

    table.restore([old, { ...key('a', 'new'), outcome: ACCEPTED, ageMs: 10 }], undefined, 0)
    table.restore([old], undefined, 0)

    expect(table.begin(key('a', 'new'), ME, 0).kind).toBe('ended')
  })
})

/** What is simple enough to be right: all keys in the order of their last change. */
class Model {
  readonly #options: IdempotencyTableOptions
  #entries: {
    identity: string
    fingerprint: string
    outcome: KeyOutcome | undefined
    endedMs: number
  }[] = []

  constructor(options: IdempotencyTableOptions) {
    this.#options = options
  }

  begin(identity: string, fingerprint: string, nowMs: number): KeyState['kind'] {
    this.#entries = this.#entries.filter(({ endedMs }) => nowMs - endedMs < WINDOW_MS)
    const known = this.#entries.find((entry) => entry.identity === identity)
    if (known && known.fingerprint !== fingerprint) return 'otherContent'
    if (known) return known.outcome === undefined ? 'inUse' : 'ended'
    if (this.#entries.length >= this.#options.maxKeys) {
      const oldest = this.#entries.findIndex(({ outcome }) => outcome !== undefined)
      if (oldest === -1) return 'full'
      this.#entries.splice(oldest, 1)
      this.#options.onForgotten()
    }
    this.#entries.push({ identity, fingerprint, outcome: undefined, endedMs: Infinity })
    return 'begun'
  }

  end(identity: string, outcome: KeyOutcome, nowMs: number): void {
    const index = this.#entries.findIndex(
      (entry) => entry.identity === identity && entry.outcome === undefined,
    )
    const [entry] = index === -1 ? [] : this.#entries.splice(index, 1)
    const isKept =
      outcome.kind !== 'nothing' &&
      (outcome.kind !== 'unknown' || this.#options.unknownOutcome === 'replay')
    if (entry && isKept) this.#entries.push({ ...entry, outcome, endedMs: nowMs })
  }
}

describe('IdempotencyTable, as a model has it', () => {
  const identity = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  const step = fc.oneof(
    fc.record({ kind: fc.constant('begin' as const), identity, body: fc.constantFrom('x', 'y') }),
    fc.record({
      kind: fc.constant('end' as const),
      identity,
      outcome: fc.constantFrom<KeyOutcome>(ACCEPTED, NOTHING, UNKNOWN, answered('z')),
    }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: WINDOW_MS }) }),
  )

  it.each(['replay', 'produce'] as const)('answers the same, with %s', (unknownOutcome) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { table, forgotten } = make({ unknownOutcome })
        let modelForgot = 0
        const model = new Model({
          ...{ windowMs: WINDOW_MS, maxKeys: 3, unknownOutcome },
          onForgotten: () => (modelForgot += 1),
        })
        const bodies = new Map<string, string>()
        let nowMs = 0
        for (const one of steps) {
          if (one.kind === 'wait') nowMs += one.ms
          else if (one.kind === 'end') {
            const fingerprint = bodies.get(one.identity) ?? ''
            table.end(key(one.identity, fingerprint), ME, one.outcome, nowMs)
            model.end(one.identity, one.outcome, nowMs)
          } else {
            const { kind } = table.begin(key(one.identity, one.body), ME, nowMs)
            expect(kind).toBe(model.begin(one.identity, one.body, nowMs))
            if (kind === 'begun') bodies.set(one.identity, one.body)
          }
          expect(table.size).toBeLessThanOrEqual(3)
        }
        expect(forgotten()).toBe(modelForgot)
      }),
    )
  })
})
