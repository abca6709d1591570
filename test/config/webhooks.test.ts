import { describe, expect, it } from 'vitest'
import { webhooksErrorMessage } from '../../src/config/lists/webhooks.ts'
import { printSettings } from '../../src/config/print.ts'
import { resolveConfig } from '../../src/config/resolve.ts'
import { secretsOf } from '../../src/config/secrets.ts'
import { errorsWithBroker, loadWithBroker, sourcesOf } from './sources.ts'

const VERIFY = { scheme: 'github', secret: 'hunter2' }
const HOOK = { path: '/hooks/a', topic: 'a', verify: VERIFY }
const flag = (...hooks: readonly unknown[]): string => `--http.webhooks=${JSON.stringify(hooks)}`

describe('http.webhooks', () => {
  it('is empty by default', () => {
    expect(loadWithBroker({}).http.webhooks).toEqual([])
  })

  it.each([
    { path: '/a', topic: 'a' },
    { path: '/hooks/v1.2/a_b~c-D', topic: 'orders.new', key_from: 'header:X-Shop-Id' },
    { ...HOOK, key_from: 'json:/data/object/id', wait: false },
    { ...HOOK, key_from: 'json:/a~1b/m~0n//0', answer_challenge: true },
    { ...HOOK, key_from: 'delivery_id' },
    { path: '/pushes', topic: 'a', verify: { scheme: 'stripe', secrets: ['a', 'b'] } },
    { path: '/a', topic: 'a', verify: { scheme: 'slack', secret: 's', tolerance_s: 604_800 } },
    { path: '/a', topic: 'a', verify: { scheme: 'hmac_sha1', secret_file: '/a', header: 'X-S' } },
    { path: '/a', topic: 'a', verify: { scheme: 'standard_webhooks', secret: 'whsec_c2VjcmV0' } },
    { path: '/a', topic: 'a', verify: { scheme: 'standard_webhooks', secret: 'YWI=' } },
  ])('may be %j', (hook) => {
    expect(errorsWithBroker({ argv: [flag(hook)] })).toEqual([])
  })

  it('has its names in camel case', () => {
    const [hook] = loadWithBroker({
      argv: [flag({ ...HOOK, key_from: 'delivery_id', answer_challenge: true })],
    }).http.webhooks

    expect(hook).toEqual({ ...HOOK, keyFrom: 'delivery_id', answerChallenge: true })
  })

  const path =
    '[0].path must be a path such as /hooks/shop: up to 200 letters, digits and . _ ~ - / without a / at the end, and its first part none of push, topics, v3, brokers, openapi.json, docs'
  const topic = '[0].topic must be the name of a topic that does not begin with __'
  const keyFrom = '[0].key_from must be delivery_id, header:NAME or json:/POINTER (RFC 6901)'

  it.each<readonly [hook: unknown, message: string]>([
    ...[
      ...['hooks', '/', '//a', '/a/', '/a//b', '/a b', '/a?b', '/a#b', '/a%20', '/a:b', '/:a'],
      ...['/*', '/./a', '/a/..', '/ä', '', `/${'a'.repeat(200)}`, 7, null],
      ...['/push', '/PUSH', '/push/a', '/topics', '/topics/a/raw', '/v3', '/v3/clusters'],
      ...['/brokers', '/openapi.json', '/docs', '/docs/a'],
    ].map((value) => [{ ...HOOK, path: value }, path] as const),
    ...['__consumer_offsets', '', '.', 'a b', 'a*', 7].map(
      (value) => [{ ...HOOK, topic: value }, topic] as const,
    ),
    ...['', 'id', 'header:', 'header:a b', 'header:*', 'json:', 'json:id', 'json:/a~2', 7].map(
      (value) => [{ ...HOOK, key_from: value }, keyFrom] as const,
    ),
    [{ topic: 'a' }, path],
    [{ path: '/a' }, topic],
    [{ ...HOOK, wait: 'yes' }, '[0].wait must be true or false'],
    [{ ...HOOK, answer_challenge: 1 }, '[0].answer_challenge must be true or false'],
    [{ ...HOOK, key_form: 'a' }, '[0] has an unknown field, did you mean key_from?'],
    [{ ...HOOK, verify: 'github' }, '[0].verify must be a mapping'],
    [{ ...HOOK, verify: [] }, '[0].verify is not a mapping'],
    [
      { path: '/a', topic: 'a', key_from: 'delivery_id' },
      `[0].key_from is delivery_id, which only the schemes standard_webhooks, stripe, github, slack have`,
    ],
    ['/hooks/a', '[0] is not a mapping'],
  ])('cannot be %j', (hook, message) => {
    expect(webhooksErrorMessage([hook])).toBe(`webhooks${message}`)
  })

  it('cannot have a path twice', () => {
    expect(webhooksErrorMessage([HOOK, HOOK])).toBe(
      'webhooks[1].path repeats that of an earlier one',
    )
  })

  const one = ' must have exactly one of secret, secrets, secret_file'

  it.each<readonly [verify: unknown, message: string]>([
    [{}, '.scheme must be one of hmac_sha256, hmac_sha1, standard_webhooks, stripe, github, slack'],
    [
      { ...VERIFY, scheme: 'none' },
      '.scheme must be one of hmac_sha256, hmac_sha1, standard_webhooks, stripe, github, slack',
    ],
    [{ scheme: 'github' }, one],
    [{ ...VERIFY, secrets: ['hunter2'] }, one],
    [{ ...VERIFY, secret_file: '/a' }, one],
    ...['', ' hunter2', 'hunter2\n', 7, 'hunter2'.repeat(200)].map(
      (secret) =>
        [
          { ...VERIFY, secret },
          '.secret must be text of 1 to 1000 characters without white space around it; one that looks like a number needs quotes',
        ] as const,
    ),
    ...[[], ['hunter2', ''], 'hunter2', Array(11).fill('hunter2')].map(
      (secrets) =>
        [
          { scheme: 'github', secrets },
          '.secrets must be a list of 1 to 10 texts of up to 1000 characters without white space around them',
        ] as const,
    ),
    [{ scheme: 'github', secret_file: '' }, '.secret_file must be the name of a file'],
    ...['hunter2', 'whsec_', 'whsec_hunter2', 'wh_c2VjcmV0'].map(
      (secret) =>
        [
          { scheme: 'standard_webhooks', secret },
          '.secret must be base64, with or without whsec_ before it',
        ] as const,
    ),
    [
      { scheme: 'standard_webhooks', secrets: ['YWI=', 'hunter2'] },
      '.secrets must be base64, with or without whsec_ before it',
    ],
    [
      { ...VERIFY, scheme: 'hmac_sha256' },
      '.header is missing: with hmac_sha256, it names the header that has the signature',
    ],
    [
      { ...VERIFY, header: 'X-A' },
      '.header is only for hmac_sha256 and hmac_sha1: github has headers of its own',
    ],
    [{ ...VERIFY, header: 'X A' }, '.header must be the name of a header'],
    [
      { ...VERIFY, tolerance_s: 1 },
      '.tolerance_s is only for standard_webhooks, stripe, slack: github does not sign the time',
    ],
    ...[0, -1, 1.5, 604_801, '5'].map(
      (tolerance) =>
        [
          { scheme: 'slack', secret: 'hunter2', tolerance_s: tolerance },
          '.tolerance_s must be a whole number of seconds from 1 to 604800',
        ] as const,
    ),
    [{ ...VERIFY, secert: 'hunter2' }, ' has an unknown field, did you mean secret?'],
  ])('cannot have %j as verify, and the message does not repeat the secret', (verify, message) => {
    const [error, ...others] = errorsWithBroker({ argv: [flag({ ...HOOK, verify })] })

    expect(others).toEqual([])
    expect(error).toMatch(/^http\.webhooks: must be a list of \{path, .* \(--http\.webhooks\)$/)
    expect(error).toContain(`; webhooks[0].verify${message} (`)
    expect(error).not.toContain('hunter2')
  })

  it('delivery_id is no key of a scheme without ids', () => {
    const verify = { scheme: 'hmac_sha1', secret: 'a', header: 'X-A' }

    expect(webhooksErrorMessage([{ ...HOOK, verify, key_from: 'delivery_id' }])).toContain(
      'webhooks[0].key_from is delivery_id',
    )
  })
})

describe('the secrets of webhooks', () => {
  const hooks = [HOOK, { ...HOOK, path: '/b', verify: { scheme: 'slack', secrets: ['s3', 's4'] } }]
  const argv = ['--kafka.brokers=k', flag(...hooks)]

  it('are masked by config print, which shows everything else', () => {
    const printed = printSettings(resolveConfig(sourcesOf({ argv })))

    expect(printed).toContain(
      "webhooks: [ { path: /hooks/a, topic: a, verify: { scheme: github, secret: '********' } }, { path: /b, topic: a, verify: { scheme: slack, secrets: [ '********', '********' ] } } ] # --http.webhooks\n",
    )
    expect(printed).not.toMatch(/hunter2|s3|s4/)
  })

  it('are masked in the log', () => {
    expect(secretsOf(loadWithBroker({ argv: [flag(...hooks)] }))).toEqual(['hunter2', 's3', 's4'])
  })
})

describe('a warning', () => {
  const warningsOf = (...argv: readonly string[]) => loadWithBroker({ argv }).warnings
  const acl = (principal: string, topic: string) =>
    `--http.acl=${JSON.stringify([{ principals: [principal], topics: [topic], allow: ['produce'] }])}`

  it('says that http.acl does not allow a webhook', () => {
    const warning =
      'http.webhooks[0]: http.acl does not allow webhook:/hooks/a to write to a: all of its records are refused'

    expect(warningsOf(flag(HOOK), acl('anonymous', 'a'))).toEqual([warning])
    expect(warningsOf(flag(HOOK), acl('webhook:*', 'b'))).toEqual([warning])
    expect(warningsOf(flag(HOOK), acl('webhook:/hooks/a', 'a'))).toEqual([])
    expect(warningsOf(flag({ path: '/a', topic: 'a' }), acl('anonymous', 'b'))).toEqual([])
  })

  it('says that http.acl names a webhook that there is not', () => {
    expect(warningsOf(flag(HOOK), acl('webhook:/hooks/b', 'a'))[0]).toContain(
      'http.acl names the principal "webhook:/hooks/b", which no client can be',
    )
  })

  it('says that http.topics.allow does not allow the topic', () => {
    expect(warningsOf(flag(HOOK), '--http.topics.allow=b')).toEqual([
      'http.webhooks[0] is for a topic that http.topics.allow does not allow: all of its records are refused',
    ])
    expect(warningsOf(flag(HOOK), '--http.topics.allow=a*')).toEqual([])
  })
})
