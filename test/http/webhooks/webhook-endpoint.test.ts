/** The paths of `http.webhooks`: what is signed is stored as it is, and nothing else. */
import { createHmac } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../../src/base/clock.ts'
import { Authenticator } from '../../../src/http/access/authenticator.ts'
import { tokenHash, TokenTable } from '../../../src/http/access/token-table.ts'
import { RESERVED_PARTS } from '../../../src/config/lists/webhooks.ts'
import type { WebhookSettings } from '../../../src/http/webhooks/webhook-endpoint.ts'
import { idempotencyKeysOf, IdempotencyTable } from '../../../src/ingest/idempotency-table.ts'
import { Permissions } from '../../../src/ingest/permissions.ts'
import { deliveryError, RDKAFKA } from '../../../src/producer/delivery-errors.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { DEFAULT_SETTINGS, type EdgeOverrides, serveEdge } from '../../support/http-edge.ts'
import { SeededRandom, TEST_SEED } from '../../support/random.ts'

const SECRET = 'c2VjcmV0'
const NOW_S = 1_700_000_000
/** Stands still as far as signed times go. */
const at = (epochS: number): Clock => ({ ...systemClock, epochMs: () => epochS * 1000 })

const webhook = (settings: Partial<WebhookSettings> = {}): WebhookSettings => ({
  ...{ path: '/hooks/a', topic: 'orders', keyFrom: undefined, verify: undefined },
  ...{ answersChallenge: false, waits: true },
  ...settings,
})

const verified = (
  scheme: NonNullable<WebhookSettings['verify']>['scheme'],
  settings: Partial<WebhookSettings> = {},
): WebhookSettings =>
  webhook({ verify: { scheme, secrets: [SECRET], header: 'X-Sign', toleranceS: 300 }, ...settings })

type Headers = Readonly<Record<string, string>>

const hmac = (key: string | Buffer, ...parts: readonly (string | Buffer)[]): Buffer => {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return mac.digest()
}

/** The headers with which each service signs a body. */
const SIGN = {
  github: (body: Buffer | string): Headers => ({
    'X-Hub-Signature-256': `sha256=${hmac(SECRET, body).toString('hex')}`,
  }),
  hmac_sha256: (body: Buffer | string): Headers => ({
    'X-Sign': hmac(SECRET, body).toString('base64'),
  }),
  standard_webhooks: (body: Buffer | string, id = 'msg_1'): Headers => ({
    'Webhook-Id': id,
    'Webhook-Timestamp': String(NOW_S),
    'Webhook-Signature': `v1,${hmac(Buffer.from(SECRET, 'base64'), `${id}.${NOW_S}.`, body).toString('base64')}`,
  }),
  stripe: (body: Buffer | string): Headers => ({
    'Stripe-Signature': `t=${NOW_S},v1=${hmac(SECRET, `${NOW_S}.`, body).toString('hex')}`,
  }),
  slack: (body: Buffer | string): Headers => ({
    'X-Slack-Request-Timestamp': String(NOW_S),
    'X-Slack-Signature': `v0=${hmac(SECRET, `v0:${NOW_S}:`, body).toString('hex')}`,
  }),
}
const { github } = SIGN

async function serve(settings: WebhookSettings, overrides: EdgeOverrides = {}) {
  const denied: string[] = []
  const webhooks = { list: [settings], onDenied: (reason: string) => denied.push(reason) }
  const edge = await serveEdge({ clock: at(NOW_S), webhooks, ...overrides })
  const send = async (
    body: Buffer | string,
    headers: Headers = {},
    target = 'POST /hooks/a',
  ): Promise<{ status: number; reply: object; headers: ReadonlyMap<string, string> }> => {
    const bytes = Buffer.from(body)
    const all = { Host: 'h', ...headers, 'Content-Length': String(bytes.length) }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
    const head = [`${target} HTTP/1.1`, ...lines, '', ''].join('\r\n')
    const client = edge.connect().write(Buffer.concat([Buffer.from(head, 'latin1'), bytes]))
    const reply = await client.response()
    return { ...reply, reply: JSON.parse(reply.body) as object }
  }
  const stored = () =>
    edge.producer.records.map(({ topic, key, value }) => ({
      topic,
      key: key === null ? null : Buffer.from(key).toString(),
      value: Buffer.from(value ?? 'null').toString(),
    }))
  return { edge, send, denied, stored }
}

/** An edge with a table of keys. */
async function serveWithKeys(settings: WebhookSettings) {
  const limits = { windowMs: 1000, maxKeys: 10, unknownOutcome: 'replay' as const }
  const table = new IdempotencyTable({ ...limits, onForgotten: () => undefined })
  const observer = { replayed: () => undefined, conflicted: () => undefined }
  return serve(settings, {
    idempotency: { keys: idempotencyKeysOf(table, new FakeClock()), observer },
  })
}

const OK = { status: 200, reply: { status: 'ok', errors: [] } }

describe('a signed body', () => {
  it.each(Object.keys(SIGN).map((scheme) => [scheme as keyof typeof SIGN] as const))(
    'of %s is stored, byte for byte',
    async (scheme) => {
      const { edge, send } = await serve(verified(scheme))
      const body = Buffer.from([0, 255, 10, 13, 0x80, 0x7b])
      const type = { 'Content-Type': 'application/octet-stream' }

      expect(await send(body, { ...SIGN[scheme](body), ...type })).toMatchObject(OK)

      const [record, ...others] = edge.producer.records
      expect(others).toEqual([])
      expect(record).toMatchObject({ topic: 'orders', key: null, partition: undefined })
      expect(Buffer.from(record?.value ?? '')).toEqual(body)
      expect(record?.headers).toEqual([
        { key: 'content-type', value: Buffer.from('application/octet-stream') },
      ])
    },
  )

  it('of another secret, another body, or none is refused with 401, and not stored', async () => {
    const { edge, send, denied } = await serve(verified('github'))

    const replies = [await send('a', github('b')), await send('a')]

    expect(replies.map(({ status }) => status)).toEqual([401, 401])
    expect(replies.map(({ reply }) => reply)).toMatchObject([
      {
        error_code: 40101,
        message:
          'the signature does not match the body: the secret is another, or the body was changed',
      },
      { message: 'the request has no header x-hub-signature-256, which this webhook needs' },
    ])
    expect(denied).toEqual(['webhook_signature', 'webhook_unsigned'])
    expect(edge.producer.records).toEqual([])
  })

  it('of long ago is refused with 401', async () => {
    const { send, denied } = await serve(verified('slack'), { clock: at(NOW_S + 400) })

    expect(await send('a', SIGN.slack('a'))).toMatchObject({
      status: 401,
      reply: {
        message: 'the webhook was signed 400 s ago by the clock of kprf, and 300 s are allowed',
      },
    })
    expect(denied).toEqual(['webhook_timestamp'])
  })

  it('must not be compressed', async () => {
    const { edge, send } = await serve(verified('github'))
    const body = gzipSync('a')

    expect(await send(body, { ...github(body), 'Content-Encoding': 'gzip' })).toMatchObject({
      status: 415,
      reply: { error_code: 41502 },
    })
    expect(await send('a', { ...github('a'), 'Content-Encoding': 'identity' })).toMatchObject(OK)
    expect(edge.producer.records).toHaveLength(1)
  })

  it('needs no token where others do', async () => {
    const authenticator = new Authenticator({
      tokens: new TokenTable([{ principal: 'shop', sha256: tokenHash('t') }]),
      allowsAnonymous: false,
      onDenied: () => undefined,
    })
    const { send } = await serve(verified('github'), { authenticator })

    expect(await send('a', github('a'))).toMatchObject(OK)
    expect(await send('a', { Authorization: 'Bearer t' })).toMatchObject({ status: 401 })
  })

  it('is refused while kprf shuts down', async () => {
    const { send } = await serve(verified('github'), { isDraining: () => true })

    expect(await send('a', github('a'))).toMatchObject({ status: 503 })
  })

  it('is of the principal webhook: and its path', async () => {
    const rule = (principal: string) =>
      new Permissions({
        acl: [{ principals: [principal], topics: ['orders'], allow: ['produce'] }],
        topics: [],
      })
    const allowed = await serve(verified('github'), { permissions: rule('webhook:/hooks/a') })
    const others = await serve(verified('github'), { permissions: rule('webhook:/hooks/b') })

    expect(await allowed.send('a', github('a'))).toMatchObject(OK)
    expect(await others.send('a', github('a'))).toMatchObject({
      status: 403,
      reply: { error_code: 40301 },
    })
  })
})

describe('the reply', () => {
  it('comes once Kafka has the record, and says if it does not', async () => {
    const { edge, send } = await serve(verified('github'))
    edge.producer.reportNth(0, {
      ...{
        status: 'possiblyPersisted',
        topic: 'orders',
        error: deliveryError(RDKAFKA.messageTimedOut),
      },
    })

    expect(await send('a', github('a'))).toMatchObject({ status: 504 })
    expect(edge.metrics.pushes).toMatchObject([{ mode: 'sync' }])
  })

  it('does not wait for Kafka with wait: false', async () => {
    const { edge, send } = await serve(verified('github', { waits: false }))

    expect(await send('a', github('a'))).toMatchObject(OK)
    expect(edge.metrics.pushes).toMatchObject([{ mode: 'async' }])
  })

  it('to another method says which one it takes, and one to another path does not name it', async () => {
    const { send } = await serve(verified('github'))

    const get = await send('', {}, 'GET /hooks/a')
    const other = await send('', {}, 'POST /hooks/b')

    expect(get).toMatchObject({ status: 405, reply: { message: 'this path takes POST only' } })
    expect(other.status).toBe(404)
    expect(JSON.stringify(other.reply)).not.toContain('hooks')
  })
})

it.each(Object.keys(SIGN).map((scheme) => [scheme as keyof typeof SIGN] as const))(
  'whatever headers and body a client of %s makes up, it gets 401, and nothing is stored',
  async (scheme) => {
    const random = new SeededRandom(TEST_SEED)
    const { send, stored } = await serve(
      verified(scheme, { keyFrom: 'json:/id', answersChallenge: true }),
    )
    const names = Object.keys(SIGN[scheme](''))
    for (let n = 0; n < 60; n += 1) {
      const body = random.pick(['', '{"id":"a"}', '{"type":"url_verification","challenge":"a"}'])
      const right = SIGN[scheme](`${body} `)
      const headers = Object.fromEntries(
        names.flatMap((name) => {
          const value = right[name] ?? ''
          const cut = value.slice(random.below(4), random.below(value.length + 1))
          const made = [value, cut, `${value}${value}`, cut.toUpperCase(), `,${cut}=,=`, '\u00ff=']
          return random.chance(0.1) ? [] : [[name, random.pick(made).trim()]]
        }),
      )

      const { status } = await send(body, headers)

      expect(status, `seed ${TEST_SEED}, ${JSON.stringify(headers)}`).toBe(401)
    }
    expect(stored()).toEqual([])
  },
)

it('no path of kprf itself can be that of a webhook', async () => {
  const { send } = await serve(webhook())

  const { reply } = await send('', {}, 'GET /')

  const [, summary = ''] = /takes (.*);/.exec(JSON.stringify(reply)) ?? []
  const first = summary.split(', ').map((route) => route.split('/')[1])
  expect(first).not.toEqual([])
  expect(first.filter((part) => !RESERVED_PARTS.includes(part ?? ''))).toEqual([])
})

describe('without verify', () => {
  it('a client needs credentials where others do', async () => {
    const authenticator = new Authenticator({
      tokens: new TokenTable([{ principal: 'shop', sha256: tokenHash('t') }]),
      allowsAnonymous: false,
      onDenied: () => undefined,
    })
    const { send, stored } = await serve(webhook(), { authenticator })

    expect(await send('a')).toMatchObject({ status: 401 })
    expect(await send('a', { Authorization: 'Bearer t' })).toMatchObject(OK)
    expect(stored()).toHaveLength(1)
  })

  it('a web page is refused whose origin is not listed', async () => {
    const { send } = await serve(webhook())

    expect(await send('a', { Origin: 'https://evil.example' })).toMatchObject({
      status: 403,
      reply: { error_code: 40302 },
    })
  })

  it('a body may be compressed, and an Idempotency-Key has its meaning', async () => {
    const { send, stored } = await serveWithKeys(webhook())
    const headers = { 'Content-Encoding': 'gzip', 'Idempotency-Key': 'k' }

    expect(await send(gzipSync('a'), headers)).toMatchObject(OK)
    const again = await send(gzipSync('a'), headers)

    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(await send(gzipSync('b'), headers)).toMatchObject({ status: 422 })
    expect(stored()).toEqual([{ topic: 'orders', key: null, value: 'a' }])
  })
})

describe('the key of the record', () => {
  it.each([
    ['a header', 'header:X-Shop', '{}', { 'X-SHOP': 'berlin' }, 'berlin'],
    ['a header that is missing', 'header:X-Shop', '{}', {}, null],
    ['a part of the body', 'json:/data/object/id', '{"data":{"object":{"id":7}}}', {}, '7'],
    ['a part that the body does not have', 'json:/data/id', '{"data":[]}', {}, null],
    ['a part of a body that is no JSON', 'json:/id', 'id=1', {}, null],
    ['half of a character', 'json:/id', '{"id":"\\ud800"}', {}, null],
    ['the id of the delivery', 'delivery_id', '{}', { 'X-GitHub-Delivery': 'd-1' }, 'd-1'],
    ['an id that is missing', 'delivery_id', '{}', {}, null],
  ])('is %s', async (_, keyFrom, body, headers, key) => {
    const { send, stored } = await serve(verified('github', { keyFrom }))

    expect(await send(body, { ...github(body), ...headers })).toMatchObject(OK)

    expect(stored()).toEqual([{ topic: 'orders', key, value: body }])
  })

  it('may be any bytes of a header', async () => {
    const { edge, send } = await serve(webhook({ keyFrom: 'header:X-Shop' }))

    await send('', { 'X-Shop': '\u00ff\u0080' })

    expect(edge.producer.records[0]?.key).toEqual(Buffer.from([255, 128]))
  })
})

it('headers in http.raw.forward_headers become headers of the record', async () => {
  const { edge, send } = await serve(webhook(), {
    settings: { ...DEFAULT_SETTINGS, raw: { forwardHeaders: ['X-GitHub-Event'] } },
  })

  await send('a', { 'X-GitHub-Event': 'push', 'Kafka-Key': 'no', 'X-Other': 'no' })

  expect(edge.producer.records).toMatchObject([
    { key: null, headers: [{ key: 'x-github-event', value: Buffer.from('push') }] },
  ])
})

describe('a delivery that is repeated', () => {
  const EVENT = '{"id":"evt_1","event_id":"Ev1","pending_webhooks":2}'
  const AGAIN = '{"id":"evt_1","event_id":"Ev1","pending_webhooks":1}'
  const NEXT = '{"id":"evt_2","event_id":"Ev2","pending_webhooks":1}'

  it.each([
    ['github', (body: string, id: string) => ({ ...github(body), 'X-GitHub-Delivery': id })],
    ['standard_webhooks', SIGN.standard_webhooks],
    ['stripe', SIGN.stripe],
    ['slack', SIGN.slack],
  ] as const)('of %s is stored once, also if its body has changed', async (scheme, sign) => {
    const { send, stored } = await serveWithKeys(verified(scheme))

    expect(await send(EVENT, sign(EVENT, 'one'))).toMatchObject(OK)
    const again = await send(AGAIN, sign(AGAIN, 'one'))
    expect(again).toMatchObject(OK)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(await send(NEXT, sign(NEXT, 'two'))).toMatchObject(OK)

    expect(stored().map(({ value }) => value)).toEqual([EVENT, NEXT])
  })

  it('with a wrong signature gets 401, and not the answer of the first', async () => {
    const { send, stored } = await serveWithKeys(verified('github'))
    const id = { 'X-GitHub-Delivery': 'one' }

    expect(await send('forged', { ...github('other'), ...id })).toMatchObject({ status: 401 })
    expect(await send('a', { ...github('a'), ...id })).toMatchObject(OK)
    expect(await send('forged', { ...github('other'), ...id })).toMatchObject({ status: 401 })

    expect(stored().map(({ value }) => value)).toEqual(['a'])
  })

  it('without an id is stored again', async () => {
    const { send, stored } = await serveWithKeys(verified('github'))
    const long = { 'X-GitHub-Delivery': 'x'.repeat(256) }

    for (const headers of [{}, {}, long, long, { 'Idempotency-Key': 'k' }]) {
      expect(await send('a', { ...github('a'), ...headers })).toMatchObject(OK)
    }

    expect(stored()).toHaveLength(5)
  })

  it('is stored again if keys are not kept', async () => {
    const { send, stored } = await serve(verified('stripe'))

    for (const body of [EVENT, EVENT]) await send(body, SIGN.stripe(body))

    expect(stored()).toHaveLength(2)
  })
})

describe('the challenge of Slack', () => {
  const BODY = '{"token":"x","challenge":"3eZbrw1aB","type":"url_verification"}'

  it('is answered, and not stored', async () => {
    const { send, stored } = await serveWithKeys(verified('slack', { answersChallenge: true }))

    const reply = await send(BODY, SIGN.slack(BODY))

    expect(reply).toMatchObject({ status: 200, reply: { challenge: '3eZbrw1aB' } })
    expect(reply.headers.get('content-type')).toBe('application/json')
    expect(stored()).toEqual([])
  })

  it('needs a right signature', async () => {
    const { send } = await serve(verified('slack', { answersChallenge: true }))

    expect(await send(BODY, SIGN.slack('{}'))).toMatchObject({ status: 401 })
  })

  it.each([
    ['is a record without answer_challenge', false, BODY],
    ['of another type is a record', true, '{"challenge":"a","type":"event_callback"}'],
    ['that is no text is a record', true, '{"challenge":{},"type":"url_verification"}'],
    [
      'that is too long is a record',
      true,
      `{"challenge":"${'x'.repeat(1001)}","type":"url_verification"}`,
    ],
  ])('%s', async (_, answersChallenge, body) => {
    const { send, stored } = await serve(verified('slack', { answersChallenge }))

    expect(await send(body, SIGN.slack(body))).toMatchObject(OK)
    expect(stored().map(({ value }) => value)).toEqual([body])
  })
})
