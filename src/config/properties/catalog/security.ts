/** TLS and SASL. */
import { boolean, oneOf, text } from '../../kinds.ts'
import { KEY_PLACE, own } from '../property.ts'

const ASSERTIONS = 'kprf signs no JWT assertions; use the grant type client_credentials'

export const SECURITY = {
  'security.protocol': KEY_PLACE,
  'ssl.cipher.suites': own(text(), '', {
    by: 'Node.js',
    note: 'Cipher suites of TLS: names of OpenSSL, with colons between.',
  }),
  'ssl.curves.list': own(text(), '', {
    by: 'Node.js',
    note: 'Curves for the key exchange of TLS: names of OpenSSL, with colons between.',
  }),
  'ssl.sigalgs.list': own(text(), '', {
    by: 'Node.js',
    note: 'Signature algorithms of TLS: names of OpenSSL, with colons between.',
  }),
  'ssl.key.location': KEY_PLACE,
  'ssl.key.password': KEY_PLACE,
  'ssl.key.pem': own(text(), '', {
    by: 'Node.js',
    note: 'Text of the private key, instead of its file.',
    sensitive: true,
  }),
  'ssl.certificate.location': KEY_PLACE,
  'ssl.certificate.pem': own(text(), '', {
    by: 'Node.js',
    note: 'Text of the certificate, instead of its file.',
    sensitive: true,
  }),
  'ssl.ca.location': KEY_PLACE,
  'ssl.ca.pem': own(text(), '', {
    by: 'Node.js',
    note: 'Text of the certificates of the authorities, instead of their file.',
    sensitive: true,
  }),
  'https.ca.location': own(text(), '', {
    by: 'Node.js',
    note: 'Authorities that sign the certificate of the token endpoint: a file, or a directory of files.',
    refuses: {
      probe: 'name the file of your authorities, or leave it out to trust those of Node.js',
    },
  }),
  'https.ca.pem': own(text(), '', {
    by: 'Node.js',
    note: 'Text of their certificates, instead of a file.',
    sensitive: true,
  }),
  'ssl.crl.location': own(text(), '', {
    by: 'Node.js',
    note: 'PEM file of certificates that their authorities have revoked.',
  }),
  'ssl.keystore.location': own(text(), '', {
    by: 'Node.js',
    note: 'A PKCS#12 file instead of certificate and key.',
  }),
  'ssl.keystore.password': own(text(), '', {
    by: 'Node.js',
    note: 'Password of that file.',
    sensitive: true,
  }),
  'enable.ssl.certificate.verification': own(boolean(), true, {
    by: 'Node.js',
    note: 'Whether the certificates of brokers are verified. false is for tests: anyone can then impersonate your brokers.',
    warns: {
      false:
        "brokers' certificates are not verified: anyone on the network path can impersonate your Kafka and read all records and the password",
    },
  }),
  'ssl.endpoint.identification.algorithm': own(oneOf(['none', 'https']), 'https', {
    by: 'Node.js',
    note: 'Whether the certificate of a broker must have its host name. `none` takes a certificate for any host name.',
    warns: {
      none: "host names in brokers' certificates are not checked: anyone with a certificate from your authorities can impersonate your Kafka",
    },
  }),
  'sasl.mechanisms': KEY_PLACE,
  'sasl.username': KEY_PLACE,
  'sasl.password': KEY_PLACE,
  'sasl.oauthbearer.method': own(oneOf(['default', 'oidc']), 'default', {
    by: 'kprf',
    note: '`oidc` gets tokens from an endpoint.',
  }),
  'enable.sasl.oauthbearer.unsecure.jwt': own(boolean(), false, {
    by: 'kprf',
    note: 'Makes tokens without a signature, for tests (RFC 7515, appendix A.5).',
    warns: { true: 'tokens without a signature prove nothing: use them for tests only' },
  }),
  'sasl.oauthbearer.config': own(text(), '', {
    by: 'kprf',
    note: 'Content of these tokens: `principal=NAME`, and optionally `principalClaimName`, `scope`, `scopeClaimName`, `lifeSeconds` and `extension_NAME`, separated by spaces.',
    sensitive: true,
  }),
  'sasl.oauthbearer.client.id': own(text(), '', {
    aliases: ['sasl.oauthbearer.client.credentials.client.id'],
    by: 'kprf',
    note: 'Client ID in token requests (RFC 6749, section 4.4).',
  }),
  'sasl.oauthbearer.client.secret': own(text(), '', {
    aliases: ['sasl.oauthbearer.client.credentials.client.secret'],
    by: 'kprf',
    note: 'Client secret in token requests.',
    sensitive: true,
  }),
  'sasl.oauthbearer.scope': own(text(), '', {
    by: 'kprf',
    note: 'Scope in token requests.',
  }),
  'sasl.oauthbearer.extensions': own(text(), '', {
    by: 'kprf',
    note: 'Sent to the broker with the token (KIP-342), as `name=value` separated by commas.',
    sensitive: true,
  }),
  'sasl.oauthbearer.token.endpoint.url': own(text(), '', {
    by: 'kprf',
    note: 'Address of the token endpoint: `https`, or `http` on a loopback address.',
  }),
  'sasl.oauthbearer.sub.claim.name': own(text(), 'sub', {
    by: 'kprf',
    note: 'The claim of a token that names the user; kprf refuses a token without it.',
    refuses: { '': 'it must name a claim' },
  }),
  'sasl.oauthbearer.grant.type': own(
    oneOf(['client_credentials', 'urn:ietf:params:oauth:grant-type:jwt-bearer']),
    'client_credentials',
    {
      by: 'kprf',
      note: 'Client credentials (RFC 6749, section 4.4).',
      refuses: { 'urn:ietf:params:oauth:grant-type:jwt-bearer': ASSERTIONS },
    },
  ),
  'sasl.oauthbearer.metadata.authentication.type': own(
    oneOf(['none', 'azure_imds', 'aws_iam']),
    'none',
    {
      by: 'kprf',
      note: 'kprf does not use credentials of a cloud machine.',
      refuses: {
        azure_imds: 'kprf does not use credentials of Azure machines; use client credentials',
        aws_iam: 'kprf does not use credentials of AWS machines; use client credentials',
      },
    },
  ),
} as const
