import { afterEach, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { systemClock } from '../../../src/base/clock.ts'
import { createAuthority, type Credentials } from '../../support/certificates.ts'
import { transportOn } from '../../support/kafkajs-harness.ts'

const closers: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** The fields with which kprf logs why TLS with a broker failed. */
async function loggedOf(tls: Credentials, ca: string): Promise<Readonly<Record<string, unknown>>> {
  const cluster = await TestCluster.start({ topics: {}, tls })
  closers.push(() => cluster.close())
  const lines: Readonly<Record<string, unknown>>[] = []
  const transport = transportOn(
    cluster,
    { ssl: { ca: [ca] } },
    systemClock,
    (_, message, fields) => {
      if (message === 'TLS with a broker failed') lines.push(fields)
    },
  )
  closers.push(() => transport.close())
  await expect(transport.fetchMetadata([])).rejects.toMatchObject({ errorNumber: -181 })
  expect(cluster.requests).toEqual([])
  return lines[0] ?? {}
}

describe('what kprf logs of a broker whose certificate', () => {
  it('has expired: whose it is, and on which day', async () => {
    const authority = createAuthority()
    const own = authority.issue('localhost', { until: '20250102030405Z' })

    expect(await loggedOf(own, authority.cert)).toMatchObject({
      reason: "the broker's certificate, CN=localhost, expired on 2025-01-02 03:04:05 UTC",
      check: expect.stringContaining('certificates of the brokers') as string,
    })
  })

  it('is not valid yet: from which day on it is', async () => {
    const authority = createAuthority()
    const own = authority.issue('localhost', { from: '20900102030405Z' })

    expect(await loggedOf(own, authority.cert)).toMatchObject({
      reason: "the broker's certificate, CN=localhost, is not valid before 2090-01-02 03:04:05 UTC",
      check: expect.stringContaining("this machine's clock") as string,
    })
  })

  it('is of an authority that has expired, and which it does not send', async () => {
    const authority = createAuthority({ until: '20250102030405Z' })

    expect(await loggedOf(authority.issue('localhost'), authority.cert)).toMatchObject({
      reason:
        'the certificate of an authority, CN=test authority, expired on 2025-01-02 03:04:05 UTC',
      check: expect.stringContaining('kafka.ssl.ca_file') as string,
    })
  })

  it('is for another host: which it is for', async () => {
    const authority = createAuthority()
    const own = authority.issue('localhost', {}, ['10.0.0.9'])

    expect(await loggedOf(own, authority.cert)).toMatchObject({
      reason: expect.stringContaining(
        "IP: 127.0.0.1 is not in the cert's list: 10.0.0.9",
      ) as string,
      check: expect.stringContaining('host names in kafka.brokers') as string,
    })
  })
})
