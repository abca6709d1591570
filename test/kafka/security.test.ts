/**
 * Every way to connect to a real Kafka, and every way to be refused. The cluster has a listener for each; pushed
 * records are read back by another client over the plaintext listener.
 */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigResourceTypes } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from './cluster/command.ts'
import { requireTool } from './cluster/tools.ts'
import { until } from '../support/until.ts'
import { explainFile } from '../../src/cli/cli.ts'
import { startKprf } from '../support/kprf-process.ts'
import { unsignedToken } from '../support/unsigned-token.ts'
import { Authority, brokerKeystore } from './support/certificates.ts'
import { readTopic } from './support/read-topic.ts'
import { textsOf } from './support/records.ts'
import {
  ISSUER,
  PASSWORD,
  SecureCluster,
  SESSION_MS,
  USER,
  type ListenerName,
} from './support/secure-cluster.ts'
import { SecureKprf, type Properties, type Security } from './support/secure-kprf.ts'
import { TokenServer } from './support/token-server.ts'

const keyPassword = 'canary-key-password'
const clientSecret = 'canary-client-secret'

let cluster: SecureCluster
let stranger: Authority
let tokenServer: TokenServer
let encryptedKey: string
let keystore: string
let nothingRevoked: string
let brokerRevoked: string
let kprf: SecureKprf | undefined

beforeAll(async () => {
  cluster = await SecureCluster.start()
  stranger = await Authority.create(join(cluster.directory, 'stranger'))
  encryptedKey = await cluster.authority.encryptKey(cluster.client, keyPassword)
  keystore = await cluster.authority.keystore(cluster.client, keyPassword)
  nothingRevoked = await cluster.authority.revoke()
  brokerRevoked = await cluster.authority.revoke(cluster.broker)
  tokenServer = await TokenServer.start({
    identity: await cluster.authority.issue('issuer'),
    key: cluster.tokenKey,
    kid: cluster.kid,
    claims: { iss: ISSUER, aud: 'kafka', sub: USER },
  })
})

afterAll(async () => {
  tokenServer.close()
  await cluster.stop()
})

afterEach(async () => {
  await kprf?.stop()
  kprf = undefined
  tokenServer.status = 200
})

async function start(
  listener: ListenerName | 'PLAINTEXT',
  security: Security,
): Promise<SecureKprf> {
  const { bootstrap } = cluster.kafka
  kprf = await SecureKprf.start(
    listener === 'PLAINTEXT' ? bootstrap : cluster.bootstrap(listener),
    security,
  )
  return kprf
}

async function stored(topic: string): Promise<readonly string[]> {
  return textsOf(await readTopic(cluster.kafka.bootstrap, topic))
}

const trusting = () => ({ 'ssl.ca.location': cluster.authority.certificate })

const password = (mechanism: string, rest: Properties = {}): Properties => ({
  'sasl.mechanism': mechanism.toUpperCase(),
  'sasl.username': USER,
  'sasl.password': PASSWORD,
  ...rest,
})

/** A token for brokers that require no signature. */
const unsigned = (lifeSeconds = 300): Properties => {
  const iat = Math.floor(Date.now() / 1_000) - 600
  const token = unsignedToken({ sub: USER, iat, exp: iat + 600 + lifeSeconds })
  return { 'sasl.mechanism': 'OAUTHBEARER', token }
}

const oidc = (): Properties => ({
  'sasl.mechanism': 'OAUTHBEARER',
  'sasl.oauthbearer.method': 'oidc',
  'sasl.oauthbearer.token.endpoint.url': tokenServer.url,
  'sasl.oauthbearer.client.id': 'kprf',
  'sasl.oauthbearer.client.secret': clientSecret,
  'sasl.oauthbearer.scope': 'produce',
  'sasl.oauthbearer.extensions': 'traceId=abc',
  'https.ca.location': cluster.authority.certificate,
})

/** Says what no log and no answer may say. */
async function expectSecrecy(running: SecureKprf): Promise<void> {
  const said = `${await running.logText()}${(await running.readyz()).text}`
  expect(said).not.toContain('canary')
  expect(said).not.toMatch(/PRIVATE KEY|eyJ[\w-]{10}/)
}

describe('records get into Kafka', () => {
  it.each<[string, ListenerName | 'PLAINTEXT', () => Security]>([
    ['in the clear', 'PLAINTEXT', () => ({})],
    ['over TLS', 'TLS', () => ({ tls: trusting() })],
    [
      'over TLS, nothing being taken back',
      'TLS',
      () => ({ tls: { ...trusting(), 'ssl.crl.location': nothingRevoked } }),
    ],
    [
      'over TLS with algorithms of our choice',
      'TLS',
      () => ({
        tls: {
          ...trusting(),
          'ssl.cipher.suites': 'TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256',
          'ssl.curves.list': 'P-256',
          'ssl.sigalgs.list': 'RSA-PSS+SHA256',
        },
      }),
    ],
    [
      'over TLS with a client certificate',
      'MUTUAL_TLS',
      () => ({
        tls: {
          ...trusting(),
          'ssl.certificate.location': cluster.client.certificate,
          'ssl.key.location': cluster.client.key,
        },
      }),
    ],
    [
      'over TLS with a client certificate whose key has a password',
      'MUTUAL_TLS',
      () => ({
        tls: {
          ...trusting(),
          'ssl.certificate.location': cluster.client.certificate,
          'ssl.key.location': encryptedKey,
          'ssl.key.password': keyPassword,
        },
      }),
    ],
    [
      'over TLS with certificate and key in a keystore',
      'MUTUAL_TLS',
      () => ({
        tls: {
          ...trusting(),
          'ssl.keystore.location': keystore,
          'ssl.keystore.password': keyPassword,
        },
      }),
    ],
    [
      'over TLS with certificates and key in the configuration itself',
      'MUTUAL_TLS',
      () => ({
        tls: {
          'ssl.ca.pem': readFileSync(cluster.authority.certificate, 'utf8'),
          'ssl.certificate.pem': readFileSync(cluster.client.certificate, 'utf8'),
          'ssl.key.pem': readFileSync(cluster.client.key, 'utf8'),
        },
      }),
    ],
    [
      'over TLS to a broker of another name, if names are not compared',
      'FOREIGN_TLS',
      () => ({ tls: { ...trusting(), 'ssl.endpoint.identification.algorithm': 'none' } }),
    ],
    [
      'over TLS to a broker with any certificate, if none is verified',
      'EXPIRED_TLS',
      () => ({ tls: { 'enable.ssl.certificate.verification': 'false' } }),
    ],
    ['by PLAIN', 'SASL_CLEAR', () => ({ sasl: password('plain') })],
    ['by SCRAM-SHA-256', 'SASL_CLEAR', () => ({ sasl: password('scram-sha-256') })],
    ['by SCRAM-SHA-512', 'SASL_CLEAR', () => ({ sasl: password('scram-sha-512') })],
    ['by OAUTHBEARER', 'SASL_CLEAR', () => ({ sasl: unsigned() })],
    [
      'by OAUTHBEARER as librdkafka has it for trying out',
      'SASL_CLEAR',
      () => ({
        sasl: {
          'sasl.mechanism': 'OAUTHBEARER',
          'enable.sasl.oauthbearer.unsecure.jwt': 'true',
          'sasl.oauthbearer.config': `principal=${USER} lifeSeconds=60 extension_traceId=abc`,
        },
      }),
    ],
    ['by PLAIN over TLS', 'SASL_TLS', () => ({ tls: trusting(), sasl: password('plain') })],
    [
      'by SCRAM-SHA-256 over TLS',
      'SASL_TLS',
      () => ({ tls: trusting(), sasl: password('scram-sha-256') }),
    ],
    [
      'by SCRAM-SHA-512 over TLS',
      'SASL_TLS',
      () => ({ tls: trusting(), sasl: password('scram-sha-512') }),
    ],
    ['by OAUTHBEARER over TLS', 'SASL_TLS', () => ({ tls: trusting(), sasl: unsigned() })],
    [
      'by OAUTHBEARER with signed tokens from an endpoint',
      'TOKENS_SIGNED',
      () => ({ tls: trusting(), sasl: oidc() }),
    ],
  ])('%s', async (way, listener, security) => {
    const topic = way.replaceAll(/\W/g, '-')
    const running = await start(listener, security())

    await running.pushUntilTaken(topic, way)

    expect(await stored(topic)).toContain(way)
    expect(await running.readyz()).toMatchObject({ status: 200 })
    await expectSecrecy(running)
  })
})

describe('kprf that Kafka refuses says why, answers 503 and stays up', () => {
  const credentials = 'the brokers refuse the credentials'
  const noTls = 'TLS with the brokers fails'
  const refused = 'Kafka refuses the credentials'
  const tlsFailed = 'TLS with a broker failed'

  it.each<[string, ListenerName | 'PLAINTEXT', () => Security, string, string, RegExp]>([
    [
      'a wrong password for PLAIN',
      'SASL_CLEAR',
      () => ({ sasl: password('plain', { 'sasl.password': 'canary-wrong' }) }),
      credentials,
      refused,
      /"reason":".*Invalid username or password".*kafka\.user and kafka\.password/,
    ],
    [
      'a wrong password for SCRAM',
      'SASL_TLS',
      () => ({
        tls: trusting(),
        sasl: password('scram-sha-256', { 'sasl.password': 'canary-wrong' }),
      }),
      credentials,
      refused,
      /"mechanism":"scram-sha-256".*invalid credentials/,
    ],
    [
      'a user that Kafka does not know',
      'SASL_CLEAR',
      () => ({ sasl: password('scram-sha-512', { 'sasl.username': 'mallory' }) }),
      credentials,
      refused,
      /the brokers know this user for this mechanism/,
    ],
    [
      'a mechanism that is not enabled',
      'PLAIN_ONLY',
      () => ({ sasl: password('scram-sha-512') }),
      credentials,
      refused,
      /does not support the requested SASL mechanism.*sasl\.enabled\.mechanisms/,
    ],
    [
      'SASL where there is none',
      'PLAINTEXT',
      () => ({ sasl: password('plain') }),
      credentials,
      refused,
      /this port has no SASL.*kafka\.user and kafka\.password/,
    ],
    [
      'a token that has ended',
      'SASL_CLEAR',
      () => ({ sasl: unsigned(-60) }),
      credentials,
      refused,
      /invalid_token.*issuer, audience, scope and expiry/,
    ],
    [
      'a token that nobody has signed',
      'TOKENS_SIGNED',
      () => ({ tls: trusting(), sasl: unsigned() }),
      credentials,
      refused,
      /invalid_token/,
    ],
    [
      'a token endpoint that refuses',
      'TOKENS_SIGNED',
      () => {
        tokenServer.status = 401
        return { tls: trusting(), sasl: oidc() }
      },
      'there is no token for the brokers',
      'cannot get a token for Kafka',
      /the token endpoint https:\/\/127\.0\.0\.1:\d+\/token answers 401: temporarily_unavailable/,
    ],
    [
      'an authority that kprf does not know',
      'TLS',
      () => ({ tls: { 'ssl.ca.location': stranger.certificate } }),
      noTls,
      tlsFailed,
      /kafka\.ssl\.ca_file: it must hold the authority/,
    ],
    [
      'a certificate for another host',
      'FOREIGN_TLS',
      () => ({ tls: trusting() }),
      noTls,
      tlsFailed,
      /does not match certificate's altnames.*the host names in kafka\.brokers/,
    ],
    [
      'a certificate that has expired',
      'EXPIRED_TLS',
      () => ({ tls: trusting() }),
      noTls,
      tlsFailed,
      /the broker's certificate, .*, expired on \d{4}-/,
    ],
    [
      'a certificate that its authority has taken back',
      'TLS',
      () => ({ tls: { ...trusting(), 'ssl.crl.location': brokerRevoked } }),
      noTls,
      tlsFailed,
      /certificate revoked.*ssl\.crl\.location/,
    ],
    [
      'no client certificate where one is required',
      'MUTUAL_TLS',
      () => ({ tls: trusting() }),
      noTls,
      tlsFailed,
      /the broker requires a client certificate/,
    ],
    [
      'plain text where TLS is spoken',
      'TLS',
      () => ({}),
      noTls,
      tlsFailed,
      /the broker uses TLS, but kprf does not.*kafka\.security_protocol/,
    ],
    [
      'TLS where plain text is spoken',
      'PLAINTEXT',
      () => ({ tls: trusting() }),
      noTls,
      tlsFailed,
      /disconnected before secure TLS connection was established.*kafka\.security_protocol/,
    ],
    [
      'no credentials where SASL is required',
      'SASL_CLEAR',
      () => ({}),
      'no broker can be reached',
      'Kafka is not reachable',
      /closed the connection at once; check kafka\.security_protocol: it may need SASL/,
    ],
  ])('%s', async (what, listener, security, problem, msg, words) => {
    const topic = what.replaceAll(/\W/g, '-')
    const running = await start(listener, security())

    const { status } = await running.push(topic, what)
    const line = await running.logged(msg)
    const { status: readiness, text } = await running.readyz()

    expect(status).toBe(503)
    expect(JSON.stringify(line)).toMatch(words)
    expect(readiness).toBe(503)
    expect(text).toContain(`[-]kafka failed: ${problem}`)
    expect(await running.livez()).toBe(200)
    expectOncePerBackoff(await running.lines(msg))
    await expectSecrecy(running)
  })

  it('a client certificate of an authority that the broker does not know', async () => {
    const { certificate, key } = await stranger.issue('client')
    const running = await start('MUTUAL_TLS', {
      tls: { ...trusting(), 'ssl.certificate.location': certificate, 'ssl.key.location': key },
    })

    expect((await running.push('strange-client', 'x')).status).toBe(503)
    expect(await running.logged(tlsFailed)).toMatchObject({
      check: expect.stringContaining('the broker requires a client certificate'),
    })
    expect((await running.readyz()).text).toContain(noTls)
  })
})

describe('kprf works again without a restart', () => {
  it('once Kafka knows the password', async () => {
    const sasl = password('scram-sha-512', { 'sasl.password': 'canary-new' })
    const running = await start('SASL_CLEAR', { sasl })
    await running.logged('Kafka refuses the credentials')

    await cluster.setPassword('canary-new')
    await running.pushUntilTaken('password', 'x')
    await cluster.setPassword(PASSWORD)

    expect(await stored('password')).toContain('x')
    expect((await running.readyz()).status).toBe(200)
    await expectSecrecy(running)
  })

  it('once the password is right again that was changed while kprf was connected', async () => {
    const running = await start('SHORT_SESSIONS', { sasl: password('scram-sha-512') })
    await running.pushUntilTaken('sessions', 'before')

    await cluster.setPassword('another')
    await until('a push to fail', 20_000, async () =>
      (await running.push('sessions', 'during')).status === 503 ? true : undefined,
    )
    const line = await running.logged('Kafka refuses the credentials')
    await cluster.setPassword(PASSWORD)
    await running.pushUntilTaken('sessions', 'after')

    expect(line).toMatchObject({ mechanism: 'scram-sha-512' })
    expect(await stored('sessions')).toEqual(expect.arrayContaining(['before', 'after']))
  })

  it('once the token endpoint gives tokens', async () => {
    tokenServer.status = 503
    const running = await start('TOKENS_SIGNED', { tls: trusting(), sasl: oidc() })
    await running.logged('cannot get a token for Kafka')

    tokenServer.status = 200
    await running.pushUntilTaken('tokens', 'x')

    await running.logged('got a token for Kafka again')
    expect(await stored('tokens')).toContain('x')
    await expectSecrecy(running)
  })

  it('once the broker has a certificate that is valid', async () => {
    const running = await start('EXPIRED_TLS', { tls: trusting() })
    await running.logged('TLS with a broker failed')

    const renewed = await brokerKeystore(await cluster.authority.issue('broker'))
    await cluster.kafka.withAdmin((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: ConfigResourceTypes.BROKER,
            name: '1',
            configEntries: [
              { name: 'listener.name.expired_tls.ssl.keystore.location', value: renewed },
            ],
          },
        ],
      }),
    )
    await running.pushUntilTaken('renewed', 'x')

    expect(await stored('renewed')).toContain('x')
  })
})

describe('a session that Kafka ends in time', () => {
  it('is renewed on the open connections, and no push is affected', async () => {
    const running = await start('SHORT_SESSIONS', { sasl: password('scram-sha-512') })
    await running.pushUntilTaken('renewal', '0')
    const endMs = performance.now() + 2 * SESSION_MS
    const statuses = new Set<number>()

    await until('two sessions to be over', 10 * SESSION_MS, async () => {
      const replies = await Promise.all(
        ['1', '2', '3'].map((data) => running.push('renewal', data)),
      )
      for (const { status } of replies) statuses.add(status)
      return performance.now() > endMs ? true : undefined
    })

    expect(statuses).toEqual(new Set([200]))
    expect(await running.lines('Kafka refuses the credentials')).toEqual([])
  })
})

/** Each line says how long it holds for that broker; the next may not come sooner. */
function expectOncePerBackoff(lines: readonly { ts: string; [field: string]: unknown }[]): void {
  const roundingMs = 20
  for (const [index, line] of lines.entries()) {
    const next = lines[index + 1]
    if (!next) break
    const pauseMs = Date.parse(next.ts) - Date.parse(line.ts)
    expect(pauseMs + roundingMs).toBeGreaterThanOrEqual(Number(line['retry_in_ms'] ?? 0))
  }
}

describe('one properties file', () => {
  const keys = Array.from({ length: 40 }, (_, index) => `key ${index}`)

  it('serves kcat and kprf alike, and is explained line by line', async () => {
    const bootstrap = cluster.bootstrap('SASL_TLS')
    const lines = [
      `bootstrap.servers=${bootstrap}`,
      'security.protocol=SASL_SSL',
      // Not SCRAM: librdkafka before 2.6.1 sends its nonce twice, which Kafka no longer takes (CVE-2024-56128).
      'sasl.mechanisms=PLAIN',
      `sasl.username=${USER}`,
      `sasl.password=${PASSWORD}`,
      `ssl.ca.location=${cluster.authority.certificate}`,
      'compression.codec=lz4',
      'partitioner=murmur2_random',
      'enable.idempotence=true',
      'linger.ms=5',
      'acks=all',
      'delivery.timeout.ms=30000',
      'socket.keepalive.enable=true',
      'client.rack=r1',
    ]
    const file = join(cluster.directory, 'client.properties')
    await writeFile(file, `# of a producer\n${lines.join('\n')}\n`)
    const config = join(cluster.directory, 'kprf.yaml')
    const pasted = lines.map((line) => `    ${line}\n`).join('')
    await writeFile(config, `kafka:\n  properties: |\n${pasted}`)
    for (const topic of ['by-kcat', 'by-kprf']) {
      await cluster.kafka.createTopic(topic, { partitions: 6 })
    }

    const input = Buffer.from(keys.map((key) => `${key}:${key}\n`).join(''))
    const producing = ['-F', file, '-P', '-t', 'by-kcat', '-K', ':']
    await runCommand(await requireTool('kcat'), producing, { input })
    const running = await startKprf(bootstrap, { config })
    const { status } = await running.push({
      records: keys.map((key) => ({ topic: 'by-kprf', key, data: key })),
      wait_for_send: true,
    })
    const { log } = await running.stop()

    expect(status).toBe(200)
    expect(await partitionsOf('by-kprf')).toEqual(await partitionsOf('by-kcat'))
    expect(log.filter(({ level }) => level === 'warn').map(({ msg }) => msg)).toEqual([
      expect.stringContaining('client.rack: has no effect'),
    ])
    expect(JSON.stringify(log)).not.toContain('canary')
    const explained = explainFile(file, { readFile: (path) => readFileSync(path, 'utf8') })
    expect(explained.exitCode).toBe(0)
    expect(explained.text.trim().split('\n')).toHaveLength(lines.length)
    expect(explained.text).not.toContain('canary')
  })

  /** Where the records with each key are. */
  async function partitionsOf(topic: string): Promise<ReadonlyMap<string, number>> {
    const records = await readTopic(cluster.kafka.bootstrap, topic)
    return new Map(records.map(({ key, partition }) => [String(key), partition] as const).sort())
  }
})
