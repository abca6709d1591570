import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { OidcSettings } from '../../../src/producer/security/settings.ts'
import {
  postWithNode,
  requestToken,
  tokenEndpoint,
} from '../../../src/producer/security/token-endpoint.ts'
import { createAuthority } from '../../support/certificates.ts'

const authority = createAuthority()
const clientSecret = 'canary: secret+%'
const basic = Buffer.from(`kprf:1:${clientSecret}`).toString('base64')
const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

interface Received {
  readonly method: string | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

/** A token endpoint on this machine that answers all requests alike. */
async function serve(
  status: number,
  body: string,
  { isHttps = true, headers = {} }: { isHttps?: boolean; headers?: Record<string, string> } = {},
): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = []
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      received.push({ method: request.method, headers: request.headers, body: text })
      response.writeHead(status, headers).end(body)
    })
  }
  const server = isHttps
    ? https.createServer(authority.issue('localhost'), answer)
    : http.createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `${isHttps ? 'https' : 'http'}://127.0.0.1:${port}/token?tenant=1`, received }
}

function settings(tokenEndpointUrl: string, rest: Partial<OidcSettings> = {}): OidcSettings {
  return {
    method: 'oidc',
    tokenEndpointUrl,
    clientId: 'kprf:1',
    clientSecret,
    scope: '',
    subClaimName: 'sub',
    ca: [authority.cert],
    ...rest,
  }
}

const ask = (from: OidcSettings, signal = new AbortController().signal): Promise<string> =>
  requestToken(from, postWithNode, signal)

/** Why there is no token. */
async function complaintOf(request: Promise<string>): Promise<string> {
  return await request.then(
    () => 'none',
    (error: unknown) => String(error),
  )
}

describe('requestToken', () => {
  it('sends client id and secret over HTTPS, and the scope in the form', async () => {
    const { url, received } = await serve(200, '{"access_token":"t","token_type":"Bearer"}')

    expect(await ask(settings(url, { scope: 'kafka write' }))).toBe('t')
    expect(received).toMatchObject([
      {
        method: 'POST',
        body: 'grant_type=client_credentials&scope=kafka+write',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          accept: 'application/json',
        },
      },
    ])
    const [, encoded = ''] = received[0]?.headers.authorization?.split(' ') ?? []
    expect(Buffer.from(encoded, 'base64').toString()).toBe(`kprf:1:${clientSecret}`)
  })

  it('sends no scope where none is wanted, and works over plain HTTP on this machine', async () => {
    const { url, received } = await serve(200, '{"access_token":"t"}', { isHttps: false })

    expect(await ask(settings(url))).toBe('t')
    expect(received).toMatchObject([{ body: 'grant_type=client_credentials' }])
  })

  it('reports the answer of an endpoint that refuses, without the secret', async () => {
    const words = { error: 'invalid_client', error_description: `${clientSecret} is wrong` }
    const { url } = await serve(401, JSON.stringify(words))

    const complaint = await complaintOf(ask(settings(url)))

    expect(complaint).toMatch(
      /the token endpoint https:\/\/127\.0\.0\.1:\d+\/token answers 401: invalid_client, \*{8} is wrong$/,
    )
  })

  it.each([
    ['the header', `Authorization: Basic ${basic} is wrong`],
    ['the header without its kind', `${basic} is wrong`],
    ['the secret as a URL has it', encodeURIComponent(clientSecret)],
    ['the secret as a form has it', new URLSearchParams({ a: clientSecret }).toString()],
    ['a header of another', 'Basic c2VjcmV0 and Bearer: c2VjcmV0'],
    ['the secret where the words are cut off', `${'x'.repeat(190)}${clientSecret}`],
    ['the header where the words are cut off', `${'x'.repeat(180)}${basic}`],
  ])('repeats no secret when an endpoint repeats %s', async (_, description) => {
    const words = { error: 'invalid_client', error_description: description }
    const { url } = await serve(401, JSON.stringify(words))

    const complaint = await complaintOf(ask(settings(url)))

    expect(complaint).toContain('invalid_client')
    expect(complaint).not.toMatch(/canary|c2VjcmV0/)
    for (let length = 8; length <= basic.length; length += 1) {
      expect(complaint).not.toContain(basic.slice(0, length))
    }
  })

  it.each([
    [500, 'oops', /answers 500$/],
    [200, 'no JSON', /answers 200 without an access_token$/],
    [200, '{"access_token":7}', /answers 200 without an access_token$/],
    [200, '[]', /answers 200 without an access_token$/],
  ])('does not take %i with %s for a token', async (status, body, complaint) => {
    const { url } = await serve(status, body)

    expect(await complaintOf(ask(settings(url)))).toMatch(complaint)
  })

  it('does not follow a redirect with the secret', async () => {
    const elsewhere = await serve(200, '{"access_token":"t"}')
    const { url } = await serve(307, '', { headers: { Location: elsewhere.url } })

    expect(await complaintOf(ask(settings(url)))).toMatch(/answers 307$/)
    expect(elsewhere.received).toEqual([])
  })

  it('sends nothing to an endpoint whose authority it does not trust', async () => {
    const { url, received } = await serve(200, '{"access_token":"t"}')

    expect(await complaintOf(ask(settings(url, { ca: undefined })))).toMatch(
      /cannot be reached: unable to verify the first certificate/,
    )
    expect(received).toEqual([])
  })

  it('does not read an answer without end', async () => {
    const { url } = await serve(200, 'x'.repeat(2_000_000))

    expect(await complaintOf(ask(settings(url)))).toMatch(/the answer is too long$/)
  })

  it('gives up when it is told to', async () => {
    const { url } = await serve(200, '{"access_token":"t"}')

    expect(await complaintOf(ask(settings(url), AbortSignal.abort()))).toMatch(/aborted/)
  })

  it('reports that the endpoint refuses connections', async () => {
    const { url } = await serve(200, '')
    await closers.pop()?.()

    expect(await complaintOf(ask(settings(url)))).toMatch(/cannot be reached: .*ECONNREFUSED/)
  })
})

describe('tokenEndpoint', () => {
  it.each([
    'https://issuer.example/token',
    'http://localhost:8080/token',
    'http://127.0.0.9/token',
    'http://[::1]:8080/token',
  ])('may be %s', (text) => {
    expect(tokenEndpoint('k', text).href).toBe(text)
  })

  it.each([
    ['http://issuer.example/token', /^k: is not https/],
    ['http://localhost.example/token', /is not https/],
    ['ftp://localhost/token', /is not https/],
    ['issuer.example', /^k: is not a URL; write https:\/\/host\/path$/],
    ['https://id:canary@issuer.example/', /^k: contains a user name or password/],
  ])('may not be %s', (text, complaint) => {
    expect(() => tokenEndpoint('k', text)).toThrow(complaint)
  })
})
