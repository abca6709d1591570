import { beforeAll, describe, expect, it } from 'vitest'
import { isJwt } from '../../../../src/http/access/jwt/is-jwt.ts'
import { JwtVerifier } from '../../../../src/http/access/jwt/jwt-verifier.ts'
import { type KeySet, parseKeySet } from '../../../../src/http/access/jwt/verify-jwt.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { AUDIENCE, ISSUER, keySetOf, SigningKey } from '../../../support/jwt-issuer.ts'

const RULES = {
  ...{ issuer: ISSUER, audience: AUDIENCE, principalClaim: 'sub', clockSkewMs: 30_000 },
  algorithms: ['ES256'],
}

let one: SigningKey
let two: SigningKey
let [first, both]: KeySet[] = []

beforeAll(async () => {
  one = await SigningKey.make('one')
  two = await SigningKey.make('two')
  first = parseKeySet(keySetOf(one))
  both = parseKeySet(keySetOf(one, two))
})

/** Keys of which a test says what a refresh brings. */
class FakeSource {
  refreshes = 0
  isFailing = false
  current: KeySet | undefined
  next: KeySet | undefined

  constructor(current: KeySet | undefined) {
    this.current = current
  }

  refresh(): Promise<void> {
    this.refreshes += 1
    this.current = this.next ?? this.current
    return Promise.resolve()
  }
}

function makeVerifier(keys: KeySet | undefined, maxRemembered?: number) {
  const clock = new FakeClock()
  const source = new FakeSource(keys)
  const verifier = new JwtVerifier({
    ...{ rules: RULES, source, clock },
    ...(maxRemembered !== undefined && { maxRemembered }),
  })
  const token = (claims = {}, key = one) => key.token(clock.epochMs(), { claims })
  return { clock, source, verifier, token }
}

const SHOP = { principal: { name: 'shop' } }

describe('a verifier', () => {
  it('answers a token that it has verified at once, until it expires', async () => {
    const { clock, verifier, token } = makeVerifier(first)
    const jwt = await token()

    expect(verifier.verify(jwt)).toBeInstanceOf(Promise)
    expect(await verifier.verify(jwt)).toMatchObject(SHOP)
    await clock.advance(329_999)
    expect(verifier.verify(jwt)).toMatchObject(SHOP)
    await clock.advance(1)

    expect(verifier.verify(jwt)).toBeInstanceOf(Promise)
    expect(await verifier.verify(jwt)).toEqual({ fault: 'expired' })
  })

  it('verifies a token again once the keys have changed: its own may have been withdrawn', async () => {
    const { source, verifier, token } = makeVerifier(both)
    const jwt = await token({}, two)
    expect(await verifier.verify(jwt)).toMatchObject(SHOP)

    source.current = first

    expect(await verifier.verify(jwt)).toEqual({ fault: 'unknown_key' })
  })

  it('verifies a token once, however many requests bring it at a time', async () => {
    const { source, verifier, token } = makeVerifier(first)
    const jwt = await token({}, two)

    const answers = await Promise.all([jwt, jwt, jwt].map(async (text) => verifier.verify(text)))

    expect(answers).toEqual(Array(3).fill({ fault: 'unknown_key' }))
    expect(source.refreshes).toBe(1)
  })

  it('remembers no more tokens than it may, and no refused ones', async () => {
    const { verifier, token } = makeVerifier(first, 2)
    const tokens = await Promise.all(['a', 'b', 'c'].map((jti) => token({ jti })))
    const refused = await token({ aud: 'another' })
    for (const jwt of [...tokens, refused]) await verifier.verify(jwt)

    const isAtOnce = [...tokens, refused].map((jwt) => !(verifier.verify(jwt) instanceof Promise))

    expect(isAtOnce).toEqual([false, true, true, false])
  })

  it('asks for newer keys if a token names one that it does not know', async () => {
    const { source, verifier, token } = makeVerifier(first)
    source.next = both

    expect(await verifier.verify(await token({}, two))).toMatchObject(SHOP)
    expect(source.refreshes).toBe(1)
  })

  it('does not say that a key is unknown if newer keys cannot be read', async () => {
    const { source, verifier, token } = makeVerifier(first)
    source.isFailing = true

    expect(await verifier.verify(await token({}, two))).toEqual({ fault: 'keys_unavailable' })
    expect(await verifier.verify(await token())).toMatchObject(SHOP)
  })

  it('without keys waits for those that are being read, and then blames no token', async () => {
    const { source, verifier, token } = makeVerifier(undefined)
    const jwt = await token()

    expect(await verifier.verify(jwt)).toEqual({ fault: 'keys_unavailable' })
    source.next = first
    expect(await verifier.verify(jwt)).toMatchObject(SHOP)
  })
})

describe('a text', () => {
  it.each([
    ['a.b.c', true],
    ['a.b.', true],
    ['a-_9.b.c', true],
    ['a.b', false],
    ['a..c', false],
    ['.b.c', false],
    ['a.b.c.d', false],
    ['a.b.c.d.e', false],
    ['a+.b.c', false],
    ['kprf_abc', false],
    ['', false],
  ])('%j looks like a JSON Web Token: %s', (text, looks) => {
    expect(isJwt(text)).toBe(looks)
  })
})
