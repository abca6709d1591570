import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { Authenticator } from '../../../src/http/access/authenticator.ts'
import { tokenHash, TokenTable } from '../../../src/http/access/token-table.ts'

const ENTRIES = [
  { principal: 'shop', sha256: tokenHash('old') },
  { principal: 'shop', sha256: tokenHash('new').toUpperCase() },
  { principal: 'billing', sha256: tokenHash('bills') },
]

function authenticator(allowsAnonymous: boolean, entries = ENTRIES) {
  const denied: string[] = []
  const made = new Authenticator({
    tokens: new TokenTable(entries),
    allowsAnonymous,
    onDenied: (reason) => denied.push(reason),
  })
  const identify = (...values: string[]) =>
    made.identify({ rawHeaders: values.flatMap((value) => ['Authorization', value]) })
  return { identify, denied }
}

describe('an authenticator', () => {
  it.each([
    ['Bearer old', 'shop'],
    ['Bearer new', 'shop'],
    ['Bearer bills', 'billing'],
    [`Basic ${Buffer.from('anyone:bills').toString('base64')}`, 'billing'],
  ])('knows the principal of %j', (header, name) => {
    expect(authenticator(false).identify(header)).toEqual({ principal: { name } })
  })

  it.each([
    ['no_credentials', []],
    ['unknown_token', ['Bearer nonsense']],
    ['unknown_token', [`Bearer ${tokenHash('old')}`]],
    ['unreadable_credentials', ['nonsense']],
    ['unreadable_credentials', ['Bearer old', 'Bearer old']],
  ])('denies and counts %s: %j', (reason, headers) => {
    const { identify, denied } = authenticator(false)

    expect(identify(...headers)).toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(denied).toEqual([reason])
  })

  it('serves clients without credentials as anonymous where that is allowed, but not with wrong ones', () => {
    const { identify } = authenticator(true)

    expect(identify()).toEqual({ principal: { name: 'anonymous' } })
    expect(identify('Bearer bills')).toEqual({ principal: { name: 'billing' } })
    expect(identify('Bearer nonsense')).toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('looks at no credentials while there are no tokens, because they are meant for somebody else', () => {
    const { identify, denied } = authenticator(true, [])

    expect(identify('Bearer of a gateway')).toEqual({ principal: { name: 'anonymous' } })
    expect(denied).toEqual([])
  })

  it('denies everybody if there are no tokens and anonymous clients are denied', () => {
    const { identify } = authenticator(false, [])

    expect(identify('Bearer x')).toMatchObject({ code: 'UNAUTHENTICATED' })
  })
})

describe('on one connection, on which a proxy may send requests of many clients', () => {
  const make = () => {
    const tokens = new TokenTable(ENTRIES)
    const made = new Authenticator({ tokens, allowsAnonymous: false, onDenied: () => undefined })
    const socket = new Socket()
    const identify = (...values: string[]) =>
      made.identify({ rawHeaders: values.flatMap((value) => ['Authorization', value]), socket })
    return { made, identify }
  }
  const SHOP = { principal: { name: 'shop' } }
  const BILLING = { principal: { name: 'billing' } }
  const DENIED = { code: 'UNAUTHENTICATED' }

  it('each request is that of its own token', () => {
    const { identify } = make()

    for (const [header, expected] of [
      ['Bearer old', SHOP],
      ['Bearer old', SHOP],
      ['Bearer new', SHOP],
      ['Bearer olD', DENIED],
      ['Bearer ol', DENIED],
      ['Bearer old', SHOP],
      ['Bearer bills', BILLING],
      ['Bearer bills', BILLING],
      ['Bearer billt', DENIED],
      ['', DENIED],
    ] as const) {
      expect(identify(header)).toMatchObject(expected)
    }
    expect(identify('Bearer old', 'Bearer old')).toMatchObject(DENIED)
    expect(identify()).toMatchObject(DENIED)
  })

  it('a token that was removed is refused with the next request', () => {
    const { made, identify } = make()
    expect(identify('Bearer old')).toEqual(SHOP)

    made.use({ tokens: new TokenTable(ENTRIES.slice(1)), allowsAnonymous: false })
    expect(identify('Bearer old')).toMatchObject(DENIED)
    expect(identify('Bearer new')).toEqual(SHOP)
  })
})
