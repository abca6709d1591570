import { describe, expect, it } from 'vitest'
import { ReconnectBackoff } from '../../../src/producer/reconnect-backoff.ts'
import { OidcTokenSource } from '../../../src/producer/security/oidc-token-source.ts'
import type { FormReply, PostForm } from '../../../src/producer/security/token-endpoint.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { unsignedToken } from '../../support/unsigned-token.ts'

const minuteMs = 60_000

/** A token source on a clock of the test, with a scripted endpoint. */
class Bench {
  readonly clock = new FakeClock()
  readonly failures: { readonly reason: string; readonly retryInMs: number }[] = []
  readonly source: OidcTokenSource
  clientSecret = 'canary-secret'
  requests = 0
  recoveries = 0
  lifeMs = 100 * minuteMs
  answer: PostForm = () => Promise.resolve(this.#granted())

  constructor() {
    const settings = { reconnectBackoffMs: 100, reconnectBackoffMaxMs: 10_000 }
    this.source = new OidcTokenSource(
      () => ({
        method: 'oidc',
        tokenEndpointUrl: 'https://issuer.example/token',
        clientId: 'kprf',
        clientSecret: this.clientSecret,
        scope: '',
        subClaimName: 'sub',
        ca: undefined,
      }),
      {
        clock: this.clock,
        backoff: new ReconnectBackoff(settings, () => 1 / 3),
        listener: {
          onFailed: (reason, retryInMs) => this.failures.push({ reason, retryInMs }),
          onRecovered: () => (this.recoveries += 1),
        },
        postForm: (request) => {
          this.requests += 1
          return this.answer(request)
        },
      },
    )
  }

  fail(): void {
    this.answer = () => Promise.resolve({ status: 503, body: '' })
  }

  recover(): void {
    this.answer = () => Promise.resolve(this.#granted())
  }

  /** Each token has its number in it. */
  numberOf(token: string): unknown {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).number
  }

  #granted(): FormReply {
    const exp = (this.clock.epochMs() + this.lifeMs) / 1_000
    const token = unsignedToken({ sub: 'kprf', exp, number: this.requests })
    return { status: 200, body: JSON.stringify({ access_token: token }) }
  }
}

describe('OidcTokenSource', () => {
  it('sends the client secret as it is by then', async () => {
    const bench = new Bench()
    const sent: string[] = []
    bench.lifeMs = 10 * minuteMs
    const answer = bench.answer
    bench.answer = (request) => {
      sent.push(Buffer.from(request.headers['Authorization']?.slice(6) ?? '', 'base64').toString())
      return answer(request)
    }
    await bench.source.token()

    bench.clientSecret = 'renewed'
    await bench.clock.advance(8 * minuteMs)

    expect(sent).toEqual(['kprf:canary-secret', 'kprf:renewed'])
    bench.source.close()
  })

  it('asks for no token before one is needed', () => {
    expect(new Bench().requests).toBe(0)
  })

  it('asks once for all that need a token at the same time', async () => {
    const bench = new Bench()

    const tokens = await Promise.all([1, 2, 3].map(() => bench.source.token()))

    expect(new Set(tokens).size).toBe(1)
    expect(bench.requests).toBe(1)
  })

  it('keeps a token, and renews it when four fifths of its life are over', async () => {
    const bench = new Bench()
    await bench.source.token()

    await bench.clock.advance(80 * minuteMs - 1)
    const before = bench.numberOf(await bench.source.token())
    await bench.clock.advance(1)
    const after = bench.numberOf(await bench.source.token())

    expect([before, after]).toEqual([1, 2])
    expect(bench.requests).toBe(2)
  })

  it('goes on with the old token while the renewal fails, and tries again after the backoff', async () => {
    const bench = new Bench()
    await bench.source.token()
    bench.fail()
    await bench.clock.advance(80 * minuteMs)
    const during = bench.numberOf(await bench.source.token())
    const failuresAtFirst = bench.failures.length

    bench.recover()
    await bench.clock.advance(1_000)

    expect([during, failuresAtFirst]).toEqual([1, 1])
    expect(bench.numberOf(await bench.source.token())).toBe(3)
    expect(bench.recoveries).toBe(1)
  })

  it('never returns an expired token', async () => {
    const bench = new Bench()
    await bench.source.token()
    bench.fail()

    await bench.clock.advance(100 * minuteMs)

    await expect(bench.source.token()).rejects.toThrow('answers 503')
  })

  it('asks once in each backoff, and reports each failure once, however many wait', async () => {
    const bench = new Bench()
    bench.fail()
    const needed = async (): Promise<void> => {
      const all = [1, 2, 3].map(() => bench.source.token())
      await Promise.allSettled(all)
    }

    await needed()
    await needed()
    await bench.clock.advance(99)
    await needed()
    const inFirstBackoff = bench.requests
    await bench.clock.advance(1)
    await needed()

    expect(inFirstBackoff).toBe(1)
    expect(bench.requests).toBe(2)
    expect(bench.failures.map(({ retryInMs }) => retryInMs)).toEqual([100, 200])
  })

  it('starts again with a short backoff after a success', async () => {
    const bench = new Bench()
    bench.fail()
    await bench.source.token().catch(() => undefined)
    bench.recover()
    await bench.clock.advance(100)
    await bench.source.token()
    bench.fail()

    await bench.clock.advance(80 * minuteMs)

    expect(bench.failures.map(({ retryInMs }) => retryInMs)).toEqual([100, 100])
  })

  it('says why there is no token, without the secret', async () => {
    const bench = new Bench()
    bench.answer = () => Promise.reject(new Error('connect ECONNREFUSED'))

    await expect(bench.source.token()).rejects.toThrow(
      'SASL OAUTHBEARER has no token: the token endpoint https://issuer.example/token cannot be reached: connect ECONNREFUSED',
    )
    expect(JSON.stringify(bench.failures)).not.toContain('canary')
  })

  it('treats an invalid token as a failure', async () => {
    const bench = new Bench()
    bench.lifeMs = -1_000

    await expect(bench.source.token()).rejects.toThrow('the token expired at')
    expect(bench.failures).toHaveLength(1)
  })

  it('gives an endpoint that does not answer ten seconds', async () => {
    const bench = new Bench()
    bench.answer = ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error)
        })
      })
    const token = bench.source.token()
    const refused = expect(token).rejects.toThrow('no answer within 10000 ms')

    await bench.clock.advance(10_000)

    await refused
  })

  it('does not ask in a tight loop for tokens that live for a moment', async () => {
    const bench = new Bench()
    bench.lifeMs = 100
    await bench.source.token()

    await bench.clock.advance(10_000)

    expect(bench.requests).toBe(11)
  })

  it('renews a token that lives for years once a day', async () => {
    const bench = new Bench()
    bench.lifeMs = 1_000 * 1_440 * minuteMs
    await bench.source.token()

    await bench.clock.advance(3 * 1_440 * minuteMs)

    expect(bench.requests).toBe(4)
  })

  it('stops asking when it is closed, and reports nothing of the abandoned request', async () => {
    const bench = new Bench()
    await bench.source.token()
    bench.answer = ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('aborted'))
        })
      })
    await bench.clock.advance(80 * minuteMs)

    bench.source.close()
    await bench.clock.advance(100 * minuteMs)

    expect(bench.requests).toBe(2)
    expect(bench.failures).toEqual([])
    expect(bench.clock.timers).toBe(0)
  })
})
