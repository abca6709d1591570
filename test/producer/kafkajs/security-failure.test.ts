import { describe, expect, it } from 'vitest'
import { securityFailureOf } from '../../../src/producer/kafkajs/security-failure.ts'
import { TokenError } from '../../../src/producer/security/bearer-token.ts'
import { createErrorFromCode, errors, wrappedByRetrier } from '../../support/kafkajs-internals.ts'

/** What kafkajs makes of a socket that fails so. */
const socketError = (code: string, words: string): Error =>
  new errors.KafkaJSConnectionError(`Connection error: ${words}`, { broker: 'b:1', code })

const refused = (words: string): Error => new errors.KafkaJSSASLAuthenticationError(words)

describe('securityFailureOf', () => {
  // The words and codes are those of Kafka 4 and of Node 26.
  it.each([
    [
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'unable to verify the first certificate; if the root CA is installed locally, try running Node.js with --use-system-ca',
      'unable to verify the first certificate',
      'kafka.ssl.ca_file',
    ],
    [
      'SELF_SIGNED_CERT_IN_CHAIN',
      'self-signed certificate in certificate chain',
      'self-signed certificate in certificate chain',
      'kafka.ssl.ca_file',
    ],
    [
      'ERR_TLS_CERT_ALTNAME_INVALID',
      "Hostname/IP does not match certificate's altnames",
      "Hostname/IP does not match certificate's altnames",
      'host names',
    ],
    ['CERT_HAS_EXPIRED', 'certificate has expired', 'certificate has expired', 'clock'],
    [
      'CERT_REVOKED',
      'certificate revoked',
      'certificate revoked',
      'kafka.properties.ssl.crl.location',
    ],
    [
      'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE',
      '40F3:error:0A000412:SSL routines:ssl3_read_bytes:ssl/tls alert bad certificate:../deps/rec_layer_s3.c:918:SSL alert number 42\n',
      'ssl/tls alert bad certificate',
      'kafka.ssl.cert_file',
    ],
    [
      'ERR_TLS_HANDSHAKE_CUT',
      'Client network socket disconnected before secure TLS connection was established',
      'Client network socket disconnected before secure TLS connection was established',
      'kafka.security_protocol',
    ],
    [
      'ERR_TLS_EXPECTED',
      'the broker uses TLS, but kprf does not',
      'the broker uses TLS, but kprf does not',
      'kafka.security_protocol',
    ],
  ])('knows %s, and what to look at', async (code, words, reason, check) => {
    const error = await wrappedByRetrier(socketError(code, words))

    expect(securityFailureOf(error)).toEqual({
      kind: 'tls',
      reason,
      check: expect.stringContaining(check) as string,
    })
  })

  it.each([
    [
      'a password that is wrong',
      refused('SASL SCRAM SHA256 authentication failed: invalid credentials'),
      'kafka.user and kafka.password',
    ],
    ['a mechanism that is not enabled', createErrorFromCode(33), 'sasl.enabled.mechanisms'],
    [
      'a listener without SASL',
      createErrorFromCode(34),
      'this port has no SASL, and kprf uses it when kafka.user and kafka.password are set: remove both',
    ],
    [
      'a token that is refused',
      refused('SASL OAUTHBEARER authentication failed: {"status":"invalid_token"}'),
      'issuer, audience',
    ],
  ])('knows %s, and what to look at', async (_, error, check) => {
    for (const thrown of [error, await wrappedByRetrier(error)]) {
      expect(securityFailureOf(thrown)).toEqual({
        kind: 'credentials',
        reason: error.message,
        check: expect.stringContaining(check) as string,
      })
    }
  })

  it('reports a missing token, which involves no broker', async () => {
    const error = new TokenError('the token endpoint https://issuer/token answers 503')

    expect(securityFailureOf(await wrappedByRetrier(error))).toMatchObject({
      kind: 'token',
      reason: error.message,
    })
  })

  it.each([
    ['a broker that is not there', socketError('ECONNREFUSED', 'connect ECONNREFUSED')],
    ['an answer of a broker', createErrorFromCode(29)],
    [
      'a connection that ends while the credentials are looked at',
      refused('SASL PLAIN authentication failed: Closed connection'),
    ],
    [
      'a connection that breaks meanwhile',
      refused('SASL SCRAM SHA512 authentication failed: Connection error: read ECONNRESET'),
    ],
    [
      'a broker that does not answer meanwhile',
      refused(
        'SASL PLAIN authentication failed: Request SaslAuthenticate(key: 36, version: 1) timed out',
      ),
    ],
  ])('is none of %s', (_, error) => {
    expect(securityFailureOf(error)).toBeUndefined()
  })
})
