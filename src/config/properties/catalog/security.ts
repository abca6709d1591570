/** TLS and SASL. */
import { boolean, oneOf, text } from '../../kinds.ts'
import { KEY_PLACE, own } from '../property.ts'

const ASSERTIONS = 'kprf signs no JWT assertions; use the grant type client_credentials'

export const SECURITY = {
  'security.protocol': KEY_PLACE,
  'ssl.cipher.suites': own(text(), '', {
    by: 'Node.js',
    note: '`ciphers` of `tls.connect`: names of OpenSSL, with colons between.',
  }),
  'ssl.curves.list': own(text(), '', {
    by: 'Node.js',
    note: '`ecdhCurve` of `tls.connect`.',
  }),
  'ssl.sigalgs.list': own(text(), '', {
    by: 'Node.js',
    note: '`sigalgs` of `tls.connect`.',
  }),
  'ssl.key.location': KEY_PLACE,
  'ssl.key.password': KEY_PLACE,
  'ssl.key.pem': own(text(), '', {
    by: 'Node.js',
    note: 'The private key itself instead of its file.',
    sensitive: true,
  }),
  'ssl.certificate.location': KEY_PLACE,
  'ssl.certificate.pem': own(text(), '', {
    by: 'Node.js',
    note: 'The certificate itself instead of its file.',
    sensitive: true,
  }),
  'ssl.ca.location': KEY_PLACE,
  'ssl.ca.pem': own(text(), '', {
    by: 'Node.js',
    note: 'The certificates of authorities themselves instead of their file.',
    sensitive: true,
  }),
  'https.ca.location': own(text(), '', {
    by: 'Node.js',
    note: 'Authorities that sign the certificate of the token endpoint: a file, or a directory whose files are all taken.',
    refuses: {
      probe: 'name the file of your authorities, or leave it out for those that Node.js trusts',
    },
  }),
  'https.ca.pem': own(text(), '', {
    by: 'Node.js',
    note: 'Their certificates themselves instead of a file.',
    sensitive: true,
  }),
  'ssl.crl.location': own(text(), '', {
    by: 'Node.js',
    note: '`crl` of `tls.connect`.',
  }),
  'ssl.keystore.location': own(text(), '', {
    by: 'Node.js',
    note: '`pfx` of `tls.connect`: a PKCS#12 file instead of certificate and key.',
  }),
  'ssl.keystore.password': own(text(), '', {
    by: 'Node.js',
    note: 'Password of that file.',
    sensitive: true,
  }),
  'enable.ssl.certificate.verification': own(boolean(), true, {
    by: 'Node.js',
    note: '`rejectUnauthorized` of `tls.connect`. false is for tests: anyone can then pose as your brokers.',
    warns: {
      false:
        "brokers' certificates are not verified: anyone on the way can pose as your Kafka and read all records and the password",
    },
  }),
  'ssl.endpoint.identification.algorithm': own(oneOf(['none', 'https']), 'https', {
    by: 'Node.js',
    note: '`checkServerIdentity` of `tls.connect`. `none` takes a certificate for any host name.',
    warns: {
      none: "host names in brokers' certificates are not checked: whoever has any certificate of your authorities can pose as your Kafka",
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
    note: 'Makes tokens without a signature, for trying things out (RFC 7515, appendix A.5).',
    warns: { true: 'tokens without a signature prove nothing: they are for trying things out' },
  }),
  'sasl.oauthbearer.config': own(text(), '', {
    by: 'kprf',
    note: 'What these tokens say: `principal=NAME`, and if wanted `principalClaimName`, `scope`, `scopeClaimName`, `lifeSeconds` and `extension_NAME`, with spaces between.',
    sensitive: true,
  }),
  'sasl.oauthbearer.client.id': own(text(), '', {
    aliases: ['sasl.oauthbearer.client.credentials.client.id'],
    by: 'kprf',
    note: 'Who asks for the token (RFC 6749, section 4.4).',
  }),
  'sasl.oauthbearer.client.secret': own(text(), '', {
    aliases: ['sasl.oauthbearer.client.credentials.client.secret'],
    by: 'kprf',
    note: 'And with what.',
    sensitive: true,
  }),
  'sasl.oauthbearer.scope': own(text(), '', {
    by: 'kprf',
    note: 'Scope that is asked for.',
  }),
  'sasl.oauthbearer.extensions': own(text(), '', {
    by: 'kprf',
    note: 'Sent to the broker beside the token (KIP-342), as `name=value` with commas between.',
    sensitive: true,
  }),
  'sasl.oauthbearer.token.endpoint.url': own(text(), '', {
    by: 'kprf',
    note: 'Where tokens come from. `https`, or `http` to this very machine.',
  }),
  'sasl.oauthbearer.sub.claim.name': own(text(), 'sub', {
    by: 'kprf',
    note: 'The claim of a token that names the user; a token without it is not taken.',
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
      note: 'No credentials of a cloud machine.',
      refuses: {
        azure_imds: 'kprf takes no credentials from Azure machines; use client credentials',
        aws_iam: 'kprf takes no credentials from AWS machines; use client credentials',
      },
    },
  ),
} as const
