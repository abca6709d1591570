import { beforeAll, describe, expect, it } from 'vitest'
import { KeySource } from '../../../../src/http/access/jwt/key-source.ts'
import { FakeClock, settle } from '../../../support/fake-clock.ts'
import { keySetOf, SigningKey } from '../../../support/jwt-issuer.ts'

let [one, two] = ['', '']

beforeAll(async () => {
  const first = await SigningKey.make('one')
  one = keySetOf(first)
  two = keySetOf(first, await SigningKey.make('two'))
})

/** A source whose attempts get what `answers` has next; an `Error` fails, and nothing never answers. */
function makeSource(answers: (string | Error)[], text?: string) {
  const clock = new FakeClock()
  const heard: string[] = []
  const counts = { attempts: 0 }
  const source = new KeySource(
    {
      load: (signal) => {
        counts.attempts += 1
        const answer = answers.shift()
        if (typeof answer === 'string') return Promise.resolve(answer)
        if (answer) return Promise.reject(answer)
        const { promise, reject } = Promise.withResolvers<string>()
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error)
        })
        return promise
      },
      ...{ refreshMs: 600_000, cooldownMs: 30_000, clock },
      listener: {
        onLoaded: ({ size }, isNew) => heard.push(`${size} ${isNew ? 'new' : 'the same'}`),
        onFailed: (reason, retryInMs) => heard.push(`${reason}; ${retryInMs}`),
      },
    },
    text,
  )
  return { source, clock, heard, counts }
}

const AWAY = new Error('away')

describe('a key source', () => {
  it('has no keys before the first attempt has succeeded, and tries ever more rarely until then', async () => {
    const { source, clock, heard } = makeSource([...Array<Error>(7).fill(AWAY), one])

    source.start()
    await clock.advance(90_999)
    expect(source.current).toBeUndefined()
    await clock.advance(1)

    expect(heard).toEqual([
      ...[1, 2, 4, 8, 16, 30, 30].map((seconds) => `away; ${seconds}000`),
      '1 new',
    ])
    expect(source.current?.size).toBe(1)
  })

  it('reads the keys again from time to time, and keeps the same object if nothing has changed', async () => {
    const { source, clock, heard } = makeSource([one, one, two])
    source.start()
    await clock.advance(0)
    const { current } = source

    await clock.advance(600_000)
    expect(source.current).toBe(current)
    await clock.advance(600_000)

    expect(source.current).not.toBe(current)
    expect(heard).toEqual(['1 new', '1 the same', '2 new'])
  })

  it.each([AWAY, 'nonsense', '{"keys":[]}'])(
    'keeps its keys after an attempt that got %s',
    async (answer) => {
      const { source, clock } = makeSource([one, answer, two])
      source.start()
      await clock.advance(0)
      const { current } = source

      await clock.advance(600_000)
      expect([source.current, source.isFailing]).toEqual([current, true])
      await clock.advance(1000)

      expect([source.current?.size, source.isFailing]).toEqual([2, false])
    },
  )

  it('makes one attempt for all who ask, and no other until that is old enough', async () => {
    const { source, clock, counts } = makeSource([one, one, two])
    source.start()
    await clock.advance(0)

    await Promise.all([source.refresh(), source.refresh(), source.refresh()])
    await source.refresh()
    expect(counts.attempts).toBe(2)
    await clock.advance(29_999)
    await source.refresh()
    expect(counts.attempts).toBe(2)
    await clock.advance(1)
    await source.refresh()

    expect(counts.attempts).toBe(3)
    expect(source.current?.size).toBe(2)
  })

  it('gives an attempt five seconds', async () => {
    const { source, clock, heard } = makeSource([])
    source.start()

    await clock.advance(5000)

    expect(heard).toEqual(['no answer within 5000 ms; 1000'])
  })

  it('makes no attempt once it is closed, and reports none that it gave up', async () => {
    const { source, clock, heard, counts } = makeSource([])
    source.start()

    source.close()
    await settle()
    await source.refresh()

    expect([heard, counts.attempts, clock.timers]).toEqual([[], 1, 0])
  })

  it('has the keys that were read before it from the beginning', () => {
    expect(makeSource([], one).source.current?.size).toBe(1)
  })
})
