import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  dateWarnings,
  explainDates,
  OWN_CERTIFICATE_INVALID,
} from '../../../src/producer/security/validity.ts'
import { createAuthority, type Validity } from '../../support/certificates.ts'

const NOW_MS = Date.parse('2026-06-01T00:00:00Z')
const PAST: Validity = { until: '20260502030405Z' }
const FUTURE: Validity = { from: '20260702030405Z' }
const authority = createAuthority()

const parsed = (validity: Validity): X509Certificate =>
  new X509Certificate(authority.issue('kprf', validity).cert)

const failed = (code: string, words: string): Error => Object.assign(new Error(words), { code })

describe('explainDates', () => {
  // The codes are those of Node 26 for the alerts of OpenSSL and of Java.
  it.each([
    'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED',
    'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN',
    'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE',
  ])("says when kprf's certificate expired, for which a broker answers %s", (code) => {
    const error = failed(code, 'alert')

    explainDates(error, { peer: undefined, own: parsed(PAST), ca: undefined, epochMs: NOW_MS })

    expect(error).toMatchObject({
      message: "kprf's certificate, CN=kprf, expired on 2026-05-02 03:04:05 UTC",
      code: OWN_CERTIFICATE_INVALID,
    })
  })

  it("says when kprf's certificate becomes valid", () => {
    const error = failed('ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'alert')

    explainDates(error, { peer: undefined, own: parsed(FUTURE), ca: undefined, epochMs: NOW_MS })

    expect(error.message).toBe(
      "kprf's certificate, CN=kprf, is not valid before 2026-07-02 03:04:05 UTC",
    )
  })

  it.each<[string, string, X509Certificate | undefined]>([
    ['a certificate that is valid', 'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', parsed({})],
    ['no certificate', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', undefined],
    ['an error of another kind', 'ECONNRESET', parsed(PAST)],
    ['a broker whose certificate is not known', 'CERT_HAS_EXPIRED', parsed(PAST)],
  ])('leaves an error as it is: %s', (_, code, own) => {
    const error = failed(code, 'as it is')

    explainDates(error, { peer: undefined, own, ca: undefined, epochMs: NOW_MS })

    expect(error).toMatchObject({ message: 'as it is', code })
  })
})

describe('dateWarnings', () => {
  it('names each certificate of kprf and each authority that is out of date', () => {
    const { cert } = authority.issue('kprf', PAST)
    const [old, young] = [createAuthority(PAST), createAuthority(FUTURE)]

    expect(dateWarnings({ cert, ca: [authority.cert, old.cert, young.cert] }, NOW_MS)).toEqual([
      "kprf's certificate (kafka.ssl.cert_file), CN=kprf, expired on 2026-05-02 03:04:05 UTC",
      'the certificate of an authority (kafka.ssl.ca_file), CN=test authority, expired on 2026-05-02 03:04:05 UTC',
      'the certificate of an authority (kafka.ssl.ca_file), CN=test authority, is not valid before 2026-07-02 03:04:05 UTC',
    ])
  })

  it('is empty for certificates that are valid, and without any', () => {
    const { cert } = authority.issue('kprf')

    expect(dateWarnings({ cert, ca: [authority.cert] }, NOW_MS)).toEqual([])
    expect(dateWarnings({}, NOW_MS)).toEqual([])
  })
})
