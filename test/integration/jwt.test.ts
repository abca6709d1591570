import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { tokenHash } from '../../src/http/access/token-table.ts'
import {
  AUDIENCE,
  ISSUER,
  keySetOf,
  SigningKey,
  type TokenOptions,
  unsigned,
} from '../support/jwt-issuer.ts'
import { valuesOf } from '../support/kafkajs-harness.ts'
import { runKprf } from '../support/kprf-command.ts'
import { startKprf, type KprfSettings } from '../support/kprf-process.ts'
import { until } from '../support/until.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** The address at which an issuer has its keys. It answers 500 while it has none. */
async function serveKeys(port = 0) {
  const served = { keys: '', requests: 0, port }
  const server = createServer((_, response) => {
    served.requests += 1
    response.writeHead(served.keys === '' ? 500 : 200).end(served.keys)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = async (): Promise<void> => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  closers.push(close)
  served.port = (server.address() as AddressInfo).port
  return Object.assign(served, { close })
}

async function start(settings: KprfSettings) {
  const topics = { 'orders.new': { partitions: 1 }, bills: { partitions: 1 } }
  const cluster = await TestCluster.start({ topics })
  closers.push(() => cluster.close())
  const kprf = await startKprf(cluster.bootstrap, {
    'http.auth.jwt.issuer': ISSUER,
    'http.auth.jwt.audience': AUDIENCE,
    ...settings,
  })
  closers.push(() => kprf.destroy())
  const push = async (authorization: string | undefined, topic = 'orders.new') => {
    const reply = await fetch(`http://127.0.0.1:${kprf.pushPort}/push`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(authorization !== undefined && { Authorization: authorization }),
      },
      body: JSON.stringify({ records: [{ topic, data: 'x' }], wait_for_send: true }),
    })
    const body = (await reply.json()) as { readonly message?: string }
    return { status: reply.status, headers: reply.headers, message: body.message }
  }
  return { cluster, kprf, push, bearer: (token: string) => push(`Bearer ${token}`) }
}

const keysAt = (port: number): KprfSettings => ({
  'http.auth.jwt.jwks_url': `http://127.0.0.1:${port}/keys`,
})

describe.each([1, 2])('with %i workers and an issuer', (workers) => {
  it('its tokens are accepted for the topics of their principals, others are refused', async () => {
    const key = await SigningKey.make('one', 'RS256')
    const stranger = await SigningKey.make('one', 'RS256')
    const issuer = await serveKeys()
    issuer.keys = keySetOf(key)
    const { cluster, kprf, push, bearer } = await start({
      ...keysAt(issuer.port),
      'http.auth.tokens': JSON.stringify([
        { principal: 'shop', sha256: tokenHash('token-of-shop') },
      ]),
      'http.acl': JSON.stringify([
        { principals: ['shop'], topics: ['orders.*'], allow: ['produce'] },
      ]),
      workers,
    })
    const token = (options?: TokenOptions) => key.token(Date.now(), options)
    const now = Math.floor(Date.now() / 1000)
    const good = await token()
    const pem = createPublicKey({ key: { ...key.jwk }, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    })

    // Twice: verified, and remembered.
    expect(await bearer(good)).toMatchObject({ status: 200 })
    expect(await bearer(good)).toMatchObject({ status: 200 })
    const basic = Buffer.from(`anyone:${good}`).toString('base64')
    expect(await push(`Basic ${basic}`)).toMatchObject({ status: 200 })
    expect(await bearer('token-of-shop')).toMatchObject({ status: 200 })
    expect(await push(`Bearer ${good}`, 'bills')).toMatchObject({ status: 403 })
    expect(await bearer(await token({ claims: { sub: 'nobody' } }))).toMatchObject({ status: 403 })
    const refused: [string | undefined, string, string][] = [
      [undefined, 'no_credentials', 'the request has no credentials'],
      ['a.b', 'unknown_token', 'the token is not known'],
      ['a.b.c', 'jwt_malformed', 'the token is malformed'],
      [`${good.slice(0, -9)}AAAAAAAAA`, 'jwt_signature', 'the signature of the token is wrong'],
      [await stranger.token(Date.now()), 'jwt_signature', 'the signature of the token is wrong'],
      [
        unsigned({ alg: 'none', kid: 'one' }, { iss: ISSUER, aud: AUDIENCE, sub: 'shop' }),
        'jwt_algorithm',
        'the token is not signed with an algorithm that kprf accepts',
      ],
      [
        await token({ header: { alg: 'HS256' }, key: Buffer.from(pem) }),
        'jwt_algorithm',
        'the token is not signed with an algorithm that kprf accepts',
      ],
      [
        await token({ claims: { aud: 'another' } }),
        'jwt_audience',
        'the token is for another audience',
      ],
      [
        await token({ claims: { iss: 'https://another' } }),
        'jwt_issuer',
        'the token is from another issuer',
      ],
      [await token({ claims: { exp: now - 60 } }), 'jwt_expired', 'the token has expired'],
      [
        await token({ claims: { nbf: now + 600 } }),
        'jwt_not_yet_valid',
        'the token is not valid yet (nbf)',
      ],
      [
        await token({ claims: { exp: undefined } }),
        'jwt_no_expiry',
        'the token has no expiry (exp)',
      ],
      [
        await token({ header: { kid: 'nobody-knows' } }),
        'jwt_unknown_key',
        'the token is signed with a key that is not known',
      ],
    ]
    for (const [text, reason, message] of refused) {
      const reply = await (text === undefined ? push(undefined) : bearer(text))
      expect(reply, reason).toMatchObject({
        status: 401,
        message: expect.stringContaining(message) as string,
      })
      expect(reply.headers.get('www-authenticate')).toContain('Bearer')
    }

    expect(valuesOf(cluster, 'orders.new')).toHaveLength(4)
    expect(valuesOf(cluster, 'bills')).toEqual([])
    const metrics = await kprf.metrics()
    for (const [, reason] of refused) {
      const expected = refused.filter(([, other]) => other === reason).length
      expect(metrics.sum('kprf_http_denied_total', { reason }), reason).toBe(expected)
    }
    await kprf.stop()
    const log = JSON.stringify(kprf.log)
    for (const text of [good, ...refused.map(([text]) => text ?? 'token-of-shop')]) {
      // Not even its claims or its signature.
      for (const part of text.split('.')) if (part.length > 8) expect(log).not.toContain(part)
    }
  })
})

describe('the keys of an issuer', () => {
  it('are fetched again for a token that names another, and stay in use while it is away', async () => {
    const [one, two, three] = await Promise.all([
      SigningKey.make('1'),
      SigningKey.make('2'),
      SigningKey.make('3'),
    ])
    const issuer = await serveKeys()
    issuer.keys = keySetOf(one)
    const { bearer } = await start(keysAt(issuer.port))
    expect(await bearer(await one.token(Date.now()))).toMatchObject({ status: 200 })

    issuer.keys = keySetOf(one, two)
    const rotated = await Promise.all(
      Array.from({ length: 8 }, async (_, jti) =>
        bearer(await two.token(Date.now(), { claims: { jti } })),
      ),
    )
    expect(rotated.map(({ status }) => status)).toEqual(Array(8).fill(200))
    expect(issuer.requests).toBe(2)
    await issuer.close()

    for (const key of [one, two]) {
      const token = await key.token(Date.now(), { claims: { jti: 'later' } })
      expect(await bearer(token)).toMatchObject({ status: 200 })
    }
    expect(await bearer(await three.token(Date.now()))).toMatchObject({ status: 401 })
    expect(issuer.requests).toBe(2)
  })

  it('are waited for if it is away at the start: until then tokens get 503, and the log says why', async () => {
    const key = await SigningKey.make('one')
    const issuer = await serveKeys()
    const { kprf, push, bearer } = await start(keysAt(issuer.port))
    const token = await key.token(Date.now())

    const early = await bearer(token)
    expect(early).toMatchObject({
      status: 503,
      message: 'the keys that verify JSON Web Tokens cannot be fetched; try again',
    })
    expect(early.headers.get('retry-after')).toBe('1')
    expect(await push(undefined)).toMatchObject({ status: 401 })
    const line = await kprf.logged(
      'the keys of http.auth.jwt.jwks_url cannot be read: check that kprf reaches them, and that they are a JSON Web Key Set',
    )
    expect(line).toMatchObject({
      level: 'warn',
      reason: 'it answers 500',
      effect: 'JSON Web Tokens are answered 503',
    })

    issuer.keys = keySetOf(key)
    await until('the keys', 20_000, async () =>
      (await bearer(token)).status === 200 ? true : undefined,
    )
    const metrics = await kprf.metrics()
    expect(metrics.sum('kprf_jwt_key_reads_total', { outcome: 'failure' })).toBeGreaterThan(0)
    expect(metrics.sum('kprf_jwt_key_reads_total', { outcome: 'success' })).toBe(1)
  })

  it('may be in a file, which is read again when it changes', async () => {
    const [one, two] = [await SigningKey.make('one'), await SigningKey.make('two', 'EdDSA')]
    const path = fileWith(keySetOf(one))
    const { kprf, bearer } = await start({ 'http.auth.jwt.jwks_file': path })
    const token = await one.token(Date.now())
    expect(await bearer(token)).toMatchObject({ status: 200 })

    writeFileSync(path, 'nonsense')
    await kprf.logged(
      'the keys of http.auth.jwt.jwks_file cannot be read: check that kprf reaches them, and that they are a JSON Web Key Set',
    )
    expect(await bearer(token)).toMatchObject({ status: 200 })
    writeFileSync(path, keySetOf(two))
    await until('the withdrawn key to be refused', 20_000, async () =>
      (await bearer(token)).status === 401 ? true : undefined,
    )
    expect(await bearer(await two.token(Date.now()))).toMatchObject({ status: 200 })
  })

  it('must be usable at the start if they are in a file', async () => {
    const { exitCode, stderr } = await runKprf(
      '--kafka.brokers=127.0.0.1:1',
      `--http.auth.jwt.jwks_file=${fileWith('{"keys":[]}')}`,
      `--http.auth.jwt.issuer=${ISSUER}`,
      `--http.auth.jwt.audience=${AUDIENCE}`,
    )

    expect(exitCode).toBe(78)
    expect(stderr).toMatch(
      /^http\.auth\.jwt\.jwks_file: cannot use ".*": it has no public key of RSA/m,
    )
  })
})

function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'kprf-jwt-'))
  closers.push(() => {
    rmSync(folder, { recursive: true })
  })
  const path = join(folder, 'keys.json')
  writeFileSync(path, text)
  return path
}
