/** TLS and SASL. */
import { boolean, oneOf, own, setsKey, text } from '../property.ts'

const ASSERTIONS = 'kprf signs no JWT assertions; use the grant type client_credentials'

export const SECURITY = {
  'security.protocol': setsKey('kafka.security_protocol', {
    kind: oneOf(['plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl'], 'plaintext'),
    by: 'kafkajs',
    note: '`ssl` and `sasl`.',
  }),
  'ssl.cipher.suites': own({
    kind: text(),
    by: 'Node.js',
    note: '`ciphers` of `tls.connect`: names of OpenSSL, with colons between.',
  }),
  'ssl.curves.list': own({
    kind: text(),
    by: 'Node.js',
    note: '`ecdhCurve` of `tls.connect`.',
  }),
  'ssl.sigalgs.list': own({
    kind: text(),
    by: 'Node.js',
    note: '`sigalgs` of `tls.connect`.',
  }),
  'ssl.key.location': setsKey('kafka.ssl.key_file', {
    kind: text(),
    by: 'Node.js',
    note: '`key` of `tls.connect`.',
  }),
  'ssl.key.password': setsKey('kafka.ssl.key_password', {
    kind: text(),
    by: 'Node.js',
    note: '`passphrase` of `tls.connect`.',
    sensitive: true,
  }),
  'ssl.key.pem': own({
    kind: text(),
    by: 'Node.js',
    note: 'The private key itself instead of its file.',
    sensitive: true,
  }),
  'ssl.certificate.location': setsKey('kafka.ssl.cert_file', {
    kind: text(),
    by: 'Node.js',
    note: '`cert` of `tls.connect`.',
  }),
  'ssl.certificate.pem': own({
    kind: text(),
    by: 'Node.js',
    note: 'The certificate itself instead of its file.',
    sensitive: true,
  }),
  'ssl.ca.location': setsKey('kafka.ssl.ca_file', {
    kind: text(),
    by: 'Node.js',
    note: '`ca` of `tls.connect`: a file, or a directory whose files are all taken.',
    refuses: {
      probe: 'name the file of your authorities, or leave it out for those that Node.js trusts',
    },
  }),
  'ssl.ca.pem': own({
    kind: text(),
    by: 'Node.js',
    note: 'The certificates of authorities themselves instead of their file.',
    sensitive: true,
  }),
  'https.ca.location': own({
    kind: text(),
    by: 'Node.js',
    note: 'Authorities that sign the certificate of the token endpoint: a file, or a directory whose files are all taken.',
    refuses: {
      probe: 'name the file of your authorities, or leave it out for those that Node.js trusts',
    },
  }),
  'https.ca.pem': own({
    kind: text(),
    by: 'Node.js',
    note: 'Their certificates themselves instead of a file.',
    sensitive: true,
  }),
  'ssl.crl.location': own({
    kind: text(),
    by: 'Node.js',
    note: '`crl` of `tls.connect`.',
  }),
  'ssl.keystore.location': own({
    kind: text(),
    by: 'Node.js',
    note: '`pfx` of `tls.connect`: a PKCS#12 file instead of certificate and key.',
  }),
  'ssl.keystore.password': own({
    kind: text(),
    by: 'Node.js',
    note: 'Password of that file.',
    sensitive: true,
  }),
  'enable.ssl.certificate.verification': own({
    kind: boolean(true),
    by: 'Node.js',
    note: '`rejectUnauthorized` of `tls.connect`. false is for tests: anyone can then pose as your brokers.',
    warns: {
      false:
        "brokers' certificates are not verified: anyone on the way can pose as your Kafka and read all records and the password",
    },
  }),
  'ssl.endpoint.identification.algorithm': own({
    kind: oneOf(['none', 'https'], 'https'),
    by: 'Node.js',
    note: '`checkServerIdentity` of `tls.connect`. `none` takes a certificate for any host name.',
    warns: {
      none: "host names in brokers' certificates are not checked: whoever has any certificate of your authorities can pose as your Kafka",
    },
  }),
  'sasl.mechanisms': setsKey('kafka.sasl_mechanism', {
    kind: text('GSSAPI'),
    aliases: ['sasl.mechanism'],
    by: 'kafkajs',
    note: '`sasl.mechanism`: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER. PLAIN by default here.',
    refuses: { gssapi: 'Kerberos needs a native library, of which kprf has none' },
  }),
  'sasl.username': setsKey('kafka.user', {
    kind: text(),
    by: 'kafkajs',
    note: '`sasl.username`.',
  }),
  'sasl.password': setsKey('kafka.password', {
    kind: text(),
    by: 'kafkajs',
    note: '`sasl.password`.',
    sensitive: true,
  }),
  'sasl.oauthbearer.method': own({
    kind: oneOf(['default', 'oidc'], 'default'),
    by: 'kprf',
    note: '`oidc` gets tokens from an endpoint.',
  }),
  'enable.sasl.oauthbearer.unsecure.jwt': own({
    kind: boolean(false),
    by: 'kprf',
    note: 'Makes tokens without a signature, for trying things out (RFC 7515, appendix A.5).',
    warns: { true: 'tokens without a signature prove nothing: they are for trying things out' },
  }),
  'sasl.oauthbearer.config': own({
    kind: text(),
    by: 'kprf',
    note: 'What these tokens say: `principal=NAME`, and if wanted `principalClaimName`, `scope`, `scopeClaimName`, `lifeSeconds` and `extension_NAME`, with spaces between.',
    sensitive: true,
  }),
  'sasl.oauthbearer.client.id': own({
    kind: text(),
    aliases: ['sasl.oauthbearer.client.credentials.client.id'],
    by: 'kprf',
    note: 'Who asks for the token (RFC 6749, section 4.4).',
  }),
  'sasl.oauthbearer.client.secret': own({
    kind: text(),
    aliases: ['sasl.oauthbearer.client.credentials.client.secret'],
    by: 'kprf',
    note: 'And with what.',
    sensitive: true,
  }),
  'sasl.oauthbearer.scope': own({
    kind: text(),
    by: 'kprf',
    note: 'Scope that is asked for.',
  }),
  'sasl.oauthbearer.extensions': own({
    kind: text(),
    by: 'kprf',
    note: 'Sent to the broker beside the token (KIP-342), as `name=value` with commas between.',
    sensitive: true,
  }),
  'sasl.oauthbearer.token.endpoint.url': own({
    kind: text(),
    by: 'kprf',
    note: 'Where tokens come from. `https`, or `http` to this very machine.',
  }),
  'sasl.oauthbearer.sub.claim.name': own({
    kind: text('sub'),
    by: 'kprf',
    note: 'The claim of a token that names the user; a token without it is not taken.',
    refuses: { '': 'it must name a claim' },
  }),
  'sasl.oauthbearer.grant.type': own({
    kind: oneOf(
      ['client_credentials', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
      'client_credentials',
    ),
    by: 'kprf',
    note: 'Client credentials (RFC 6749, section 4.4).',
    refuses: { 'urn:ietf:params:oauth:grant-type:jwt-bearer': ASSERTIONS },
  }),
  'sasl.oauthbearer.metadata.authentication.type': own({
    kind: oneOf(['none', 'azure_imds', 'aws_iam'], 'none'),
    by: 'kprf',
    note: 'No credentials of a cloud machine.',
    refuses: {
      azure_imds: 'kprf takes no credentials from Azure machines; use client credentials',
      aws_iam: 'kprf takes no credentials from AWS machines; use client credentials',
    },
  }),
} as const
