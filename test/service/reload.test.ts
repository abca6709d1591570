import { describe, expect, it } from 'vitest'
import { ProxyError } from '../../src/base/errors.ts'
import type { Config } from '../../src/config/types.ts'
import { reload } from '../../src/service/reload.ts'
import { FieldLogger } from '../../src/telemetry/logging/logger.ts'
import { RepeatLimiter } from '../../src/telemetry/logging/repeat-limiter.ts'
import { loadWithBroker } from '../config/sources.ts'
import { FakeClock } from '../support/fake-clock.ts'

const TOKEN = `--http.auth.tokens=[{"principal":"shop","sha256":"${'a'.repeat(64)}"}]`
const LOCAL = '--http.host=127.0.0.1'
const READ_AGAIN = 'the configuration was read again'

/** What becomes of a process with these flags that reads others. */
function reloadWith(before: readonly string[], after: readonly string[] | Error) {
  const lines: unknown[][] = []
  const used: Config[] = []
  const logger = new FieldLogger((...line) => lines.push(line), new RepeatLimiter(new FakeClock()))
  const load = (): Config => {
    if (after instanceof Error) throw after
    return loadWithBroker({ argv: after })
  }
  reload(loadWithBroker({ argv: before }), load, logger, (config) => used.push(config))
  return { lines, used }
}

describe('a configuration that is read again', () => {
  it('is used, and one line says what has changed', () => {
    const { lines, used } = reloadWith([LOCAL], [LOCAL, TOKEN, '--log_level=warn'])

    expect(lines).toEqual([['info', READ_AGAIN, { changed: ['http.auth.tokens', 'log_level'] }]])
    expect(used).toMatchObject([{ logLevel: 'warn', http: { auth: { tokens: [{}] } } }])
  })

  it('is used without what needs a restart, and one line says what that is', () => {
    const { lines, used } = reloadWith([LOCAL], [LOCAL, '--log_level=warn', '--workers=2'])

    expect(lines).toEqual([
      [
        'warn',
        `${READ_AGAIN}; some changes need a restart of kprf`,
        { changed: ['log_level'], needs_restart: ['workers'] },
      ],
    ])
    expect(used).toMatchObject([{ logLevel: 'warn', workers: 1 }])
  })

  it.each([
    new ProxyError('CONFIG_INVALID', 'log_level: must be one of error, warn, info, debug'),
    new Error('log_level: must be one of error, warn, info, debug'),
  ])('with an error changes nothing, and one line says why: %s', (error) => {
    const { lines, used } = reloadWith([LOCAL], error)

    expect(lines).toEqual([
      [
        'error',
        `${READ_AGAIN} and has an error: nothing has changed`,
        { reason: expect.stringContaining(error.message) as string },
      ],
    ])
    expect(used).toEqual([])
  })

  it('warns if anyone can push from now on, and of what start would warn of', () => {
    const quota = '--http.quotas=[{"principals":["nobody"],"records_per_second":1}]'
    const { lines } = reloadWith([TOKEN], [quota])

    expect(lines.map(([level, msg]) => [level, String(msg).slice(0, 60)])).toEqual([
      ['info', READ_AGAIN],
      ['warn', 'anyone who can reach this address can push: set http.auth.to'],
      ['warn', 'http.quotas names the principal "nobody", which no client ca'],
    ])
  })

  it('is refused if it takes the last token and brings another method that needs a restart', () => {
    const jwt = [
      '--http.auth.jwt.jwks_file=k',
      '--http.auth.jwt.issuer=i',
      '--http.auth.jwt.audience=a',
    ]
    const { lines, used } = reloadWith([TOKEN], jwt)

    expect(used).toEqual([])
    expect(lines).toEqual([
      [
        'error',
        expect.anything(),
        {
          reason: expect.stringMatching(
            /anyone could push until kprf is restarted, because http\.auth\.jwt\.\w+ needs a restart/,
          ) as string,
        },
      ],
    ])
    expect(reloadWith([TOKEN], [...jwt, '--http.auth.anonymous=deny']).used).toHaveLength(1)
    expect(reloadWith([TOKEN], [...jwt, '--http.auth.anonymous=allow']).used).toHaveLength(1)
  })
})
