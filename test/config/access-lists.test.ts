import { describe, expect, it } from 'vitest'
import { errorsWithBroker, loadWithBroker } from './sources.ts'

const SHA256 = 'a'.repeat(64)

describe('http.auth.tokens', () => {
  it('is empty by default', () => {
    expect(loadWithBroker({}).http.auth.tokens).toEqual([])
  })

  it('may have several tokens of one principal', () => {
    const tokens = [
      { principal: 'shop', sha256: SHA256 },
      { principal: 'shop', sha256: 'B'.repeat(64) },
      { principal: 'CN=Ünï, O=x', sha256: 'c'.repeat(64) },
    ]
    const argv = [`--http.auth.tokens=${JSON.stringify(tokens)}`]

    expect(loadWithBroker({ argv }).http.auth.tokens).toEqual(tokens)
  })

  const principal = 'tokens[0].principal must be a name of up to 255 characters without *'
  const sha256 =
    'tokens[0].sha256 must be the SHA-256 of the token in 64 hexadecimal digits, as kprf token hash prints it'

  it.each([
    ['secret', 'the text is not JSON'],
    ['{}', 'it is not a list'],
    ['["secret"]', 'tokens[0] is not a mapping'],
    [`[{"sha256":"${SHA256}"}]`, principal],
    [`[{"principal":"","sha256":"${SHA256}"}]`, principal],
    [`[{"principal":"*","sha256":"${SHA256}"}]`, principal],
    [`[{"principal":"a\\nb","sha256":"${SHA256}"}]`, principal],
    [`[{"principal":"${'x'.repeat(256)}","sha256":"${SHA256}"}]`, principal],
    ['[{"principal":"a"}]', sha256],
    ['[{"principal":"a","sha256":"secret"}]', sha256],
    [`[{"principal":"a","sha256":"${SHA256}0"}]`, sha256],
    ['[{"principal":"a","token":"secret"}]', 'tokens[0] has an unknown field'],
    [
      `[{"principal":"a","sha256":"${SHA256}"},{"principal":"b","sha256":"${SHA256}"}]`,
      'tokens[1].sha256 repeats that of an earlier one',
    ],
  ])('cannot be %s, which the message does not repeat', (value, message) => {
    const [error] = errorsWithBroker({ argv: [`--http.auth.tokens=${value}`] })

    expect(error).toBe(
      `http.auth.tokens: must be a list of {principal, sha256}; ${message} (--http.auth.tokens)`,
    )
    expect(error).not.toContain('secret')
  })
})

describe('http.acl', () => {
  it('may have patterns in names and topics', () => {
    const acl = [
      { principals: ['shop', 'billing-*'], topics: ['orders.*'], allow: ['produce', 'describe'] },
      { principals: ['*'], topics: ['public'], allow: ['produce'] },
    ]

    expect(loadWithBroker({ argv: [`--http.acl=${JSON.stringify(acl)}`] }).http.acl).toEqual(acl)
  })

  it.each([
    ['[{}]', 'acl[0].principals must be a list of names, in which * is any text'],
    [
      '[{"principals":[],"topics":["a"],"allow":["produce"]}]',
      'acl[0].principals must be a list of names, in which * is any text',
    ],
    [
      '[{"principals":["a"],"topics":"a","allow":["produce"]}]',
      'acl[0].topics must be a list of names of topics, in which * is any text',
    ],
    [
      '[{"principals":["a"],"topics":["a b"],"allow":["produce"]}]',
      'acl[0].topics must be a list of names of topics, in which * is any text',
    ],
    [
      '[{"principals":["a"],"topics":["a"],"allow":["write"]}]',
      'acl[0].allow must be a list of produce and describe',
    ],
    [
      '[{"principal":["a"],"topics":["a"],"allow":["produce"]}]',
      'acl[0] has an unknown field, did you mean principals?',
    ],
  ])('cannot be %s', (value, message) => {
    expect(errorsWithBroker({ argv: [`--http.acl=${value}`] })).toEqual([
      `http.acl: must be a list of {principals, topics, allow}; ${message} (--http.acl)`,
    ])
  })
})

describe('http.topics.allow', () => {
  it.each([
    ['a,b.*', ['a', 'b.*']],
    ['a, b', ['a', 'b']],
    ['*', ['*']],
  ])('can be %s', (text, patterns) => {
    const { http } = loadWithBroker({ argv: [`--http.topics.allow=${text}`] })

    expect(http.topics.allow).toEqual(patterns)
  })

  it.each(['', 'a,', 'a b', 'ü', 'x'.repeat(250)])('cannot be %j', (text) => {
    expect(errorsWithBroker({ argv: [`--http.topics.allow=${text}`] })).toEqual([
      'http.topics.allow: must be a list of names of topics, in which * is any text (--http.topics.allow)',
    ])
  })
})

describe('http.quotas', () => {
  it.each([
    [
      '[{"principals":["a"]}]',
      'quotas[0] has none of records_per_second, bytes_per_second, requests_in_flight',
    ],
    [
      '[{"principals":["a"],"records_per_second":0}]',
      'quotas[0].records_per_second must be a whole number from 1 to 1000000000000',
    ],
    [
      '[{"principals":[],"bytes_per_second":1}]',
      'quotas[0].principals must be a list of names, in which * is any text',
    ],
  ])('refuses %s', (value, message) => {
    expect(errorsWithBroker({ argv: [`--http.quotas=${value}`] })).toEqual([
      `http.quotas: must be a list of {principals, records_per_second, bytes_per_second, requests_in_flight}; ${message} (--http.quotas)`,
    ])
  })
})
