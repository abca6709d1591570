/** Row P14: credentials that are renewed in their files while kprf runs. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { TestCluster, TestClusterOptions } from '@kprf/embedded-broker/testing'
import { createAuthority, type Authority, type Credentials } from '../support/certificates.ts'
import { unsignedToken } from '../support/unsigned-token.ts'
import { it, OK, record } from './support/fault-test.ts'

const PATIENT = { 'kafka.message_timeout_ms': 15_000 }
const RENEWED = { msg: 'credentials were renewed: new connections use them', level: 'info' }

const portOf = ({ bootstrap }: TestCluster): number => Number(bootstrap.split(':')[1])

/** TLS of brokers that take only clients of an authority. */
const mutualTls = (
  own: Credentials,
  clients: Authority,
): NonNullable<TestClusterOptions['tls']> => ({
  ...own,
  ca: clients.cert,
  requestCert: true,
  rejectUnauthorized: true,
})

describe('credentials that are renewed in their files', () => {
  it('P14 the password: pushes are answered 200 without a restart, and it is not logged', async ({
    lab,
  }) => {
    const directory = lab.directory()
    const path = join(directory, 'password')
    writeFileSync(path, 'canary-first\n')
    const before = await lab.cluster({ sasl: { users: { kprf: 'canary-first' } } })
    const proxy = await lab.proxy(before, {
      ...PATIENT,
      'kafka.user': 'kprf',
      KPRF_KAFKA_PASSWORD_FILE: path,
      log_level: 'debug',
    })
    expect(await proxy.push(record('a'))).toMatchObject(OK)
    const port = portOf(before)
    await before.close()
    await lab.cluster({ port, sasl: { users: { kprf: 'canary-second' } } })
    const waiting = proxy.push(record('b'))
    await proxy.logged({ msg: 'Kafka refuses the credentials' })

    writeFileSync(path, 'canary-second\n')

    expect(await waiting).toMatchObject(OK)
    await proxy.logged(RENEWED)
    expect(await proxy.push(record('c'))).toMatchObject(OK)
    expect(proxy.log).not.toMatch(/canary-(first|second)/)
  })

  it('P14 the token: pushes are answered 200 without a restart', async ({ lab }) => {
    const directory = lab.directory()
    const path = join(directory, 'token')
    const token = (lifeSeconds: number): string =>
      unsignedToken({ sub: 'kprf', exp: Math.floor(Date.now() / 1_000) + lifeSeconds })
    writeFileSync(path, token(-60))
    const cluster = await lab.cluster({ sasl: { users: {} } })
    const proxy = await lab.proxy(cluster, {
      ...PATIENT,
      'kafka.security_protocol': 'sasl_plaintext',
      'kafka.sasl_mechanism': 'oauthbearer',
      KPRF_KAFKA_SASL_OAUTHBEARER_TOKEN_FILE: path,
    })
    const waiting = proxy.push(record('a'))
    await proxy.logged({ msg: 'Kafka refuses the credentials' })

    writeFileSync(path, token(600))

    expect(await waiting).toMatchObject(OK)
    await proxy.logged(RENEWED)
  })

  it('P14 certificate, key and authorities, one after the other: the old pair is kept until the new one is whole, then 200', async ({
    lab,
  }) => {
    const directory = lab.directory()
    const [old, next] = [createAuthority(), createAuthority()]
    const own = { old: old.issue('kprf'), next: next.issue('kprf') }
    const files = {
      ca: join(directory, 'ca.pem'),
      cert: join(directory, 'cert.pem'),
      key: join(directory, 'key.pem'),
    }
    writeFileSync(files.ca, old.cert)
    writeFileSync(files.cert, own.old.cert)
    writeFileSync(files.key, own.old.key)
    const before = await lab.cluster({ tls: mutualTls(old.issue('localhost'), old) })
    const proxy = await lab.proxy(before, {
      ...PATIENT,
      'kafka.security_protocol': 'ssl',
      'kafka.ssl.ca_file': files.ca,
      'kafka.ssl.cert_file': files.cert,
      'kafka.ssl.key_file': files.key,
    })
    expect(await proxy.push(record('a'))).toMatchObject(OK)

    writeFileSync(files.cert, own.next.cert)
    before.cutConnections()
    expect(await proxy.push(record('b'))).toMatchObject(OK)
    const { reason } = await proxy.logged({
      msg: 'renewed credentials cannot be used: kprf keeps the old ones',
      level: 'warn',
    })
    writeFileSync(files.key, own.next.key)
    writeFileSync(files.ca, next.cert)
    const port = portOf(before)
    await before.close()
    await lab.cluster({ port, tls: mutualTls(next.issue('localhost'), next) })

    expect(reason).toContain('kafka.ssl.key_file is not the key of the certificate')
    expect(await proxy.push(record('c'))).toMatchObject(OK)
    await proxy.logged(RENEWED)
  })

  it('P14 a certificate that the broker does not take, which it says after the handshake: 503, and nothing was sent', async ({
    lab,
  }) => {
    const directory = lab.directory()
    const [authority, stranger] = [createAuthority(), createAuthority()]
    const { cert, key } = stranger.issue('kprf')
    for (const [name, text] of Object.entries({ ca: authority.cert, cert, key })) {
      writeFileSync(join(directory, name), text)
    }
    const cluster = await lab.cluster({
      tls: { ...mutualTls(authority.issue('localhost'), authority), minVersion: 'TLSv1.3' },
    })
    const proxy = await lab.proxy(cluster, {
      'kafka.message_timeout_ms': 500,
      'kafka.security_protocol': 'ssl',
      'kafka.ssl.ca_file': join(directory, 'ca'),
      'kafka.ssl.cert_file': join(directory, 'cert'),
      'kafka.ssl.key_file': join(directory, 'key'),
    })

    const replies = await Promise.all(
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((value) => proxy.push(record(value))),
    )

    expect(replies.map(({ status, retryAfter }) => `${status} ${String(retryAfter)}`)).toEqual(
      replies.map(() => '503 1'),
    )
    expect(await proxy.signs('kprf_possible_duplicates_total')).toEqual({})
    const line = await proxy.logged({ msg: 'connection to a broker failed' })
    expect(line['reason']).toMatch(/client certificate/)
    expect(cluster.requests).toEqual([])
  })
})
