/** Clients that say who they are with certificates, in a real kprf. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { tokenHash } from '../../src/http/access/token-table.ts'
import { createAuthority, type Credentials } from '../support/certificates.ts'
import { valuesOf } from '../support/kafkajs-harness.ts'
import { runKprf } from '../support/kprf-command.ts'
import { type KprfSettings, spawnKprf } from '../support/kprf-process.ts'

const [authority, stranger] = [createAuthority(), createAuthority()]
const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** Settings of a kprf that asks clients for certificates. */
function settings(): KprfSettings {
  const folder = mkdtempSync(join(tmpdir(), 'kprf-clients-'))
  closers.push(() => {
    rmSync(folder, { recursive: true })
  })
  const { cert, key } = authority.issue('server')
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  return {
    'http.tls.cert_file': file('cert.pem', cert),
    'http.tls.key_file': file('key.pem', key),
    'http.tls.client_ca_file': file('ca.pem', authority.cert),
    'http.tls.client_auth': 'request',
    'http.auth.client_certificates.principal_from': 'cn',
    'http.auth.tokens': JSON.stringify([{ principal: 'billing', sha256: tokenHash('bills') }]),
    'http.acl': JSON.stringify([
      { principals: ['shop'], topics: ['orders'], allow: ['produce'] },
      { principals: ['billing'], topics: ['bills'], allow: ['produce'] },
    ]),
  }
}

async function start(own: KprfSettings) {
  const topics = { orders: { partitions: 1 }, bills: { partitions: 1 } }
  const cluster = await TestCluster.start({ topics })
  closers.push(() => cluster.close())
  const kprf = spawnKprf(cluster.bootstrap, own)
  closers.push(() => kprf.destroy())
  const { port, metrics_port: metricsPort } = await kprf.logged('accepting pushes')
  /** The status, or the error of the connection. */
  const push = (topic: string, credentials?: Credentials, token?: string): Promise<number> => {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const agent = new Agent({ ca: authority.cert, ...credentials })
    const headers = {
      'Content-Type': 'application/json',
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    }
    const target = { host: '127.0.0.1', port: Number(port), path: '/push', method: 'POST' }
    request({ ...target, agent, headers }, (response) => {
      text(response).then(() => {
        resolve(response.statusCode ?? 0)
      }, reject)
    })
      .on('error', reject)
      .end(JSON.stringify({ records: [{ topic, data: 'a' }], wait_for_send: true }))
    return promise
  }
  const denied = async (reason: string): Promise<string | undefined> => {
    const page = await (await fetch(`http://127.0.0.1:${String(metricsPort)}/metrics`)).text()
    return page
      .split('\n')
      .find((line) => line.startsWith(`kprf_http_denied_total{reason="${reason}"`))
  }
  return { cluster, push, denied }
}

const shop = authority.issue('shop')

describe.each([1, 2])('with %i workers', (workers) => {
  it('the name in a verified certificate decides what its client may push, and a token goes before it', async () => {
    const { cluster, push, denied } = await start({ workers, ...settings() })

    expect(await push('orders', shop)).toBe(200)
    expect(await push('bills', shop)).toBe(403)
    expect(await push('bills', shop, 'bills')).toBe(200)
    expect(await push('orders', shop, 'wrong')).toBe(401)
    expect(await push('orders')).toBe(401)
    expect(await push('orders', stranger.issue('shop'))).toBe(401)
    expect(await push('orders', authority.issue('*'))).toBe(401)
    expect([valuesOf(cluster, 'orders'), valuesOf(cluster, 'bills')]).toEqual([['a'], ['a']])
    expect(await denied('certificate_untrusted')).toMatch(/ 1$/)
    expect(await denied('certificate_unnamed')).toMatch(/ 1$/)
  })
})

it('without tokens, certificates are a way to authenticate: who has none is denied', async () => {
  const { push } = await start({ ...settings(), 'http.auth.tokens': '[]' })

  expect(await push('orders', shop)).toBe(200)
  expect(await push('orders')).toBe(401)
})

it('with require, a certificate of another authority gets no connection', async () => {
  const { push } = await start({ ...settings(), 'http.tls.client_auth': 'require' })

  expect(await push('orders', shop)).toBe(200)
  await expect(push('orders', stranger.issue('shop'))).rejects.toThrow()
})

it('names need a port that asks for certificates: kprf config check says so', async () => {
  const { stdout, stderr, exitCode } = await runKprf(
    ...['config', 'check', '--kafka.brokers=a:1'],
    '--http.auth.client_certificates.principal_from=san_uri',
  )

  expect(stdout + stderr).toMatch(
    /^http.auth.client_certificates.principal_from is san_uri, but http.tls.client_auth is none/,
  )
  expect(exitCode).toBe(78)
})
