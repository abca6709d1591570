/** HTTPS on both ports of a real kprf. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { createAuthority, type Credentials } from '../support/certificates.ts'
import { runKprf } from '../support/kprf-command.ts'
import { valuesOf } from '../support/kafkajs-harness.ts'
import { type KprfSettings, spawnKprf } from '../support/kprf-process.ts'
import { until } from '../support/until.ts'

const authority = createAuthority()
const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kprf-tls-'))
  closers.push(() => {
    rmSync(folder, { recursive: true })
  })
  return folder
}

const settingsIn = (folder: string): KprfSettings => ({
  'http.tls.cert_file': join(folder, 'cert.pem'),
  'http.tls.key_file': join(folder, 'key.pem'),
  'http.metrics_tls.cert_file': join(folder, 'cert.pem'),
  'http.metrics_tls.key_file': join(folder, 'key.pem'),
})

const flagsOf = (settings: KprfSettings): string[] =>
  Object.entries(settings).map(([name, value]) => `--${name}=${value}`)

function write(folder: string, { cert, key }: Credentials): void {
  writeFileSync(join(folder, 'cert.pem'), cert)
  writeFileSync(join(folder, 'key.pem'), key)
}

/** Status and body. */
async function ask(port: number, path: string, body?: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const method = body === undefined ? 'GET' : 'POST'
  const agent = new Agent({ ca: authority.cert })
  const headers = { 'Content-Type': 'application/json' }
  request({ host: '127.0.0.1', port, path, method, agent, headers }, (response) => {
    text(response).then((reply) => {
      resolve(`${String(response.statusCode)} ${reply}`)
    }, reject)
  })
    .on('error', reject)
    .end(body)
  return promise
}

/** The name of the certificate that a port shows. */
async function certificateOf(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({ host: '127.0.0.1', port, ca: authority.cert, rejectUnauthorized: false })
  socket.on('error', reject).on('secureConnect', () => {
    resolve(String(socket.getPeerCertificate().subject.CN))
  })
  return promise.finally(() => socket.destroy())
}

const PUSH = JSON.stringify({ records: [{ topic: 't', data: 'a' }], wait_for_send: true })

describe.each([1, 2])('with %i workers', (workers) => {
  it('both ports speak TLS, and use a renewed certificate once it fits its key', async () => {
    const folder = newFolder()
    const [first, second] = [authority.issue('first'), authority.issue('second')]
    write(folder, first)
    const cluster = await TestCluster.start({ topics: { t: { partitions: 1 } } })
    closers.push(() => cluster.close())
    const kprf = spawnKprf(cluster.bootstrap, { workers, ...settingsIn(folder) })
    closers.push(() => kprf.destroy())
    const line = await kprf.logged('accepting pushes')
    const [port, metricsPort] = [Number(line['port']), Number(line['metrics_port'])]

    expect(await ask(port, '/push', PUSH)).toMatch(/^200 /)
    expect(valuesOf(cluster, 't')).toEqual(['a'])
    // A worker tells the primary a moment later that Kafka can be reached.
    await until('kprf to be ready', 20_000, async () =>
      (await ask(metricsPort, '/readyz')) === '200 ok\n' ? true : undefined,
    )
    const flags = flagsOf({ ...settingsIn(folder), 'http.metrics_port': metricsPort })
    expect(await runKprf('health', '--ready', ...flags)).toMatchObject({ stdout: 'ok\n' })
    const metrics = await ask(metricsPort, '/metrics')
    expect(metrics).toMatch(/kprf_certificate_expiry_seconds\{use="http"\} 4102444800\n/)
    expect(metrics).toMatch(/kprf_certificate_expiry_seconds\{use="metrics"\} 4102444800\n/)

    writeFileSync(join(folder, 'cert.pem'), second.cert)
    const refused = await kprf.logged(
      'a renewed certificate cannot be used: kprf keeps the old one',
    )
    expect(refused['reason']).toMatch(/is not the key of the certificate/)
    expect(await certificateOf(port)).toBe('first')

    writeFileSync(join(folder, 'key.pem'), second.key)
    for (const one of [port, metricsPort]) {
      // With several workers, each looks at the files by itself.
      await until('the new certificate', 20_000, async () =>
        (await certificateOf(one)) === 'second' ? true : undefined,
      )
    }
    expect((await kprf.stop()).exitCode).toBe(0)
  })
})

it('an expired certificate is a warning with its date, and a failed check of /readyz', async () => {
  const folder = newFolder()
  write(folder, authority.issue('old', { until: '20210203040506Z' }))
  const cluster = await TestCluster.start()
  closers.push(() => cluster.close())
  const kprf = spawnKprf(cluster.bootstrap, {
    ...settingsIn(folder),
    ...{ 'http.metrics_tls.cert_file': '', 'http.metrics_tls.key_file': '' },
  })
  closers.push(() => kprf.destroy())
  const { metrics_port: port } = await kprf.logged('accepting pushes')
  const reason = 'CN=old, expired on 2021-02-03 04:05:06 UTC'

  await kprf.logged(`clients refuse the certificate: ${reason}`)
  const readiness = await fetch(`http://127.0.0.1:${String(port)}/readyz`)
  expect([readiness.status, await readiness.text()]).toEqual([
    503,
    expect.stringContaining(`[-]certificate failed: ${reason}`),
  ])
})

describe('kprf config check', () => {
  const [right, other] = [authority.issue('right'), authority.issue('other')]

  it.each([
    ['a certificate and key that fit', right.cert, right.key, /^ok\n$/],
    ['a key of another certificate', right.cert, other.key, /http.tls.key_file is not the key/],
    ['no certificate', 'nonsense', right.key, /^http.tls.cert_file: .* no certificate in PEM/],
    ['no key', right.cert, 'nonsense', /^http.tls.key_file/],
  ])('with %s says so', async (_what, cert, key, output) => {
    const folder = newFolder()
    write(folder, { cert, key })
    const flags = flagsOf(settingsIn(folder))

    const { stdout, stderr, exitCode } = await runKprf(
      'config',
      'check',
      '--kafka.brokers=a:1',
      ...flags,
    )
    expect(stdout + stderr).toMatch(output)
    expect(exitCode).toBe(stdout === 'ok\n' ? 0 : 78)
  })
})
