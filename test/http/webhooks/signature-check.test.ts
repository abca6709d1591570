/** The signature schemes, with the vectors that their owners publish. */
import { describe, expect, it } from 'vitest'
import {
  SignatureCheck,
  type SignatureSettings,
} from '../../../src/http/webhooks/signature-check.ts'
import { SeededRandom, TEST_SEED } from '../../support/random.ts'

interface Vector {
  readonly settings: SignatureSettings
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The time at which it was signed, seconds since 1970. */
  readonly atS: number
  /** The header with the signature. */
  readonly signature: string
}

const settings = (
  scheme: SignatureSettings['scheme'],
  secret: string,
  header = '',
): SignatureSettings => ({ scheme, secrets: [secret], header, toleranceS: 300 })

/** https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation */
const GITHUB: Vector = {
  settings: settings('github', "It's a Secret to Everybody"),
  headers: {
    'x-hub-signature-256':
      'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
  },
  body: 'Hello, World!',
  ...{ atS: 0, signature: 'x-hub-signature-256' },
}

/** https://docs.slack.dev/authentication/verifying-requests-from-slack#validating-a-request */
const SLACK: Vector = {
  settings: settings('slack', '8f742231b10e8888abcd99yyyzzz85a5'),
  headers: {
    'x-slack-request-timestamp': '1531420618',
    'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  },
  body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
  ...{ atS: 1_531_420_618, signature: 'x-slack-signature' },
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/javascript/src/index.test.ts */
const STANDARD: Vector = {
  settings: settings('standard_webhooks', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'),
  headers: {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  },
  body: '{"test": 2432232314}',
  ...{ atS: 1_614_265_330, signature: 'webhook-signature' },
}

/**
 * Stripe publishes no signature together with its secret. This one is what `openssl dgst -sha256 -hmac` makes of the text that
 * https://docs.stripe.com/webhooks/signature#verify-manually says.
 */
const STRIPE: Vector = {
  settings: settings('stripe', 'whsec_test_secret'),
  headers: {
    'stripe-signature':
      't=1495999758,v1=0abb771ccbdb2f2d8ea2a02178db4f7306d7455a793a887fad889e25c4c52233,v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39',
  },
  body: '{"id": "evt_test_webhook"}',
  ...{ atS: 1_495_999_758, signature: 'stripe-signature' },
}

/** RFC 4231, 4.3 (test case 2) for SHA-256, RFC 2202, 3 (test case 2) for SHA-1. */
const JEFE = 'what do ya want for nothing?'
const SHA256: Vector = {
  settings: settings('hmac_sha256', 'Jefe', 'X-Signature'),
  headers: { 'x-signature': '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843' },
  body: JEFE,
  ...{ atS: 0, signature: 'x-signature' },
}
const SHA1: Vector = {
  settings: settings('hmac_sha1', 'Jefe', 'X-Signature'),
  headers: { 'x-signature': 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79' },
  body: JEFE,
  ...{ atS: 0, signature: 'x-signature' },
}

const VECTORS: readonly Vector[] = [GITHUB, SLACK, STANDARD, STRIPE, SHA256, SHA1]
const TIMED = VECTORS.filter(({ atS }) => atS > 0)

/** What is wrong with a vector in which something was changed. */
function problemOf(
  vector: Vector,
  changes: { body?: string | Buffer; headers?: object; atS?: number; secrets?: string[] } = {},
) {
  const { body = vector.body, headers = {}, atS = vector.atS, secrets } = changes
  const check = new SignatureCheck({ ...vector.settings, ...(secrets && { secrets }) })
  return check.problemOf({ ...vector.headers, ...headers }, Buffer.from(body), atS * 1000)
}

const schemeOf = (vector: Vector): string => vector.settings.scheme
const each = (vectors: readonly Vector[]) =>
  vectors.map((vector) => [schemeOf(vector), vector] as const)

describe('a published vector', () => {
  it.each(each(VECTORS))('of %s is right', (_, vector) => {
    expect(problemOf(vector)).toBeUndefined()
  })

  it.each(each(VECTORS))('of %s is wrong with any other body', (_, vector) => {
    const random = new SeededRandom(TEST_SEED)
    for (let at = 0; at < vector.body.length; at += 1) {
      const bytes = Buffer.from(vector.body)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))

      expect(problemOf(vector, { body: bytes })?.reason, `seed ${TEST_SEED}`).toBe('signature')
    }
    for (const body of ['', `${vector.body} `, ` ${vector.body}`]) {
      expect(problemOf(vector, { body })?.reason).toBe('signature')
    }
  })

  it.each(each(VECTORS))('of %s is wrong with another secret', (_, vector) => {
    expect(problemOf(vector, { secrets: ['c2VjcmV0'] })).toEqual({
      reason: 'signature',
      message:
        'the signature does not match the body: the secret is another, or the body was changed',
    })
  })

  it.each(each(VECTORS))('of %s is right with the second of two secrets', (_, vector) => {
    const { secrets } = vector.settings

    expect(problemOf(vector, { secrets: ['c2VjcmV0', ...secrets] })).toBeUndefined()
    expect(problemOf(vector, { secrets: [...secrets, 'c2VjcmV0'] })).toBeUndefined()
  })

  it.each(each(VECTORS))('of %s is wrong with any other signature', (_, vector) => {
    const value = vector.headers[vector.signature] ?? ''
    const garbled = value.replace(
      /(^|sha256=|v0=|v1,|,v1=)(\w)(?=[\w+/]{20})/,
      (_all, before: string, first: string) => `${before}${first === '0' ? '1' : '0'}`,
    )
    expect(garbled).not.toBe(value)
    const wrong = [
      '',
      ' ',
      'v1,',
      'sha256=',
      'v0=',
      't=',
      't=1,v1=',
      '=',
      value.slice(0, 35),
      garbled,
    ]
    for (const text of wrong) {
      const problem = problemOf(vector, { headers: { [vector.signature]: text } })

      expect(['unsigned', 'signature'], text).toContain(problem?.reason)
    }
  })

  it.each(
    VECTORS.flatMap((vector) =>
      Object.keys(vector.headers).map((name) => [schemeOf(vector), name, vector] as const),
    ),
  )('of %s needs the header %s', (_, name, vector) => {
    expect(problemOf(vector, { headers: { [name]: undefined } })).toEqual({
      reason: 'unsigned',
      message: `the request has no header ${name}, which this webhook needs`,
    })
  })
})

describe('a signed time', () => {
  it.each(each(TIMED))('of %s may be as old as the tolerance says, and no older', (_, vector) => {
    expect(problemOf(vector, { atS: vector.atS + 300 })).toBeUndefined()
    expect(problemOf(vector, { atS: vector.atS + 307 })).toEqual({
      reason: 'timestamp',
      message: 'the webhook was signed 307 s ago by the clock of kprf, and 300 s are allowed',
    })
  })

  it.each(each(TIMED))('of %s may be as early as the tolerance says, no earlier', (_, vector) => {
    expect(problemOf(vector, { atS: vector.atS - 300 })).toBeUndefined()
    expect(problemOf(vector, { atS: vector.atS - 301 })).toEqual({
      reason: 'timestamp',
      message: 'the webhook was signed 301 s ahead by the clock of kprf, and 300 s are allowed',
    })
  })

  it.each(each(TIMED))('of %s cannot be changed', (_, vector) => {
    const headers = Object.fromEntries(
      Object.entries(vector.headers).map(([name, value]) => [
        name,
        value.replace(String(vector.atS), String(vector.atS + 1)),
      ]),
    )

    expect(problemOf(vector, { headers })?.reason).toBe('signature')
  })

  it.each([
    [STANDARD, 'webhook-timestamp'],
    [SLACK, 'x-slack-request-timestamp'],
  ])('that is no number of seconds is none', (vector, name) => {
    for (const value of ['soon', '-1', '1e9', '1.5', '0x10', '1'.repeat(13)]) {
      expect(problemOf(vector, { headers: { [name]: value } })).toEqual({
        reason: 'unsigned',
        message: `the header ${name} is not as the scheme of this webhook writes it`,
      })
    }
  })
})

describe('a header', () => {
  it('may have several signatures, of which one is right', () => {
    const other = 'g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA='
    const right = STANDARD.headers['webhook-signature'] ?? ''
    const value = `v1a,abc v1,${other} ${right} v2,x`
    expect(problemOf(STANDARD, { headers: { 'webhook-signature': value } })).toBeUndefined()

    const stripe = STRIPE.headers['stripe-signature'] ?? ''
    const two = stripe.replace('v1=', `v1=${'0'.repeat(64)},v1=`)
    expect(problemOf(STRIPE, { headers: { 'stripe-signature': two } })).toBeUndefined()
  })

  it('of Stripe has one time', () => {
    const value = `t=1,${STRIPE.headers['stripe-signature'] ?? ''}`

    expect(problemOf(STRIPE, { headers: { 'stripe-signature': value } })?.reason).toBe('unsigned')
  })

  it('of Standard Webhooks may have the older name of Svix', () => {
    const { 'webhook-id': id, 'webhook-timestamp': time, ...rest } = STANDARD.headers
    const check = new SignatureCheck(STANDARD.settings)
    const headers = {
      ...{ 'svix-id': id, 'svix-timestamp': time, 'svix-signature': rest['webhook-signature'] },
    }

    expect(
      check.problemOf(headers, Buffer.from(STANDARD.body), STANDARD.atS * 1000),
    ).toBeUndefined()
  })

  it.each([
    ['upper case', (vector: Vector) => vector.headers['x-signature']?.toUpperCase()],
    [
      'a prefix',
      (vector: Vector) =>
        `${vector.settings.scheme.slice(5)}=${vector.headers['x-signature'] ?? ''}`,
    ],
    [
      'base64',
      (vector: Vector) =>
        Buffer.from(vector.headers['x-signature'] ?? '', 'hex').toString('base64'),
    ],
    [
      'base64url',
      (vector: Vector) =>
        Buffer.from(vector.headers['x-signature'] ?? '', 'hex').toString('base64url'),
    ],
  ])('of a plain HMAC may be in %s', (_, write) => {
    for (const vector of [SHA256, SHA1]) {
      expect(problemOf(vector, { headers: { 'x-signature': write(vector) } })).toBeUndefined()
    }
  })

  it('of a plain HMAC has the prefix of its own hash only', () => {
    const value = `sha1=${SHA256.headers['x-signature'] ?? ''}`

    expect(problemOf(SHA256, { headers: { 'x-signature': value } })?.reason).toBe('unsigned')
  })
})
