import {
  alone,
  setOf,
  securityProtocol,
  together,
  type Rule,
  type Settled,
  type Texts,
} from './rule.ts'

/**
 * Rules between the keys of TLS and SASL, so that nothing is sent unencrypted, or to the wrong server, by mistake.
 */
export const SECURITY_RULES: readonly Rule[] = [
  {
    keys: ['kafka.security_protocol', 'kafka.user', 'kafka.sasl_mechanism'],
    rule: '`sasl_plaintext` and `sasl_ssl` need `kafka.user`, and `kafka.user` needs one of them; the mechanism `oauthbearer` takes no user.',
    violation: userOrProtocolAlone,
  },
  {
    keys: ['kafka.security_protocol', 'kafka.user', 'kafka.password'],
    rule: 'With `sasl_plaintext` and `sasl_ssl`, `kafka.user` and `kafka.password` must be both set or both empty.',
    violation: ({ kafka: { security_protocol: protocol, user, password } }) =>
      protocol.startsWith('sasl_')
        ? alone({ 'kafka.user': user, 'kafka.password': password })
        : undefined,
  },
  {
    keys: [
      'kafka.sasl_mechanism',
      'kafka.sasl_oauthbearer_token',
      'kafka.properties.sasl.oauthbearer.method',
      'kafka.properties.enable.sasl.oauthbearer.unsecure.jwt',
    ],
    rule: 'The mechanism `oauthbearer` needs one of `kafka.sasl_oauthbearer_token`, `sasl.oauthbearer.method=oidc` and `enable.sasl.oauthbearer.unsecure.jwt=true`.',
    violation: tokenFromTwoPlacesOrNone,
  },
  {
    keys: [
      'kafka.properties.sasl.oauthbearer.method',
      'kafka.properties.sasl.oauthbearer.client.id',
      'kafka.properties.sasl.oauthbearer.client.secret',
      'kafka.properties.sasl.oauthbearer.token.endpoint.url',
    ],
    rule: '`sasl.oauthbearer.method=oidc` needs `sasl.oauthbearer.client.id`, `sasl.oauthbearer.client.secret` and `sasl.oauthbearer.token.endpoint.url`.',
    violation: incompleteTokenEndpoint,
  },
  {
    keys: ['kafka.ssl.ca_file', 'kafka.properties.ssl.ca.pem'],
    rule: '`kafka.ssl.ca_file` and `ssl.ca.pem` are mutually exclusive.',
    violation: ({ kafka: { ssl, properties } }) =>
      together({ 'kafka.ssl.ca_file': ssl.ca_file, 'ssl.ca.pem': properties['ssl.ca.pem'] }),
  },
  {
    keys: ['kafka.properties.https.ca.location', 'kafka.properties.https.ca.pem'],
    rule: '`https.ca.location` and `https.ca.pem` are mutually exclusive.',
    violation: ({ kafka: { properties } }) =>
      together({
        'https.ca.location': properties['https.ca.location'],
        'https.ca.pem': properties['https.ca.pem'],
      }),
  },
  {
    keys: [
      'kafka.ssl.cert_file',
      'kafka.properties.ssl.certificate.pem',
      'kafka.ssl.key_file',
      'kafka.properties.ssl.key.pem',
      'kafka.properties.ssl.keystore.location',
    ],
    rule: 'A certificate (`kafka.ssl.cert_file` or `ssl.certificate.pem`) and a key (`kafka.ssl.key_file` or `ssl.key.pem`) need each other; `ssl.keystore.location` replaces both.',
    violation: certificateAndKey,
  },
  {
    keys: ['kafka.ssl.key_file', 'kafka.properties.ssl.key.pem', 'kafka.ssl.key_password'],
    rule: '`kafka.ssl.key_password` needs a key; a key may have no password.',
    violation: passwordWithoutKey,
  },
  {
    keys: ['kafka.properties.ssl.keystore.location', 'kafka.properties.ssl.keystore.password'],
    rule: '`ssl.keystore.location` and `ssl.keystore.password` must be both set or both empty.',
    violation: ({ kafka: { properties } }) =>
      alone({
        'ssl.keystore.location': properties['ssl.keystore.location'],
        'ssl.keystore.password': properties['ssl.keystore.password'],
      }),
  },
  {
    keys: [
      'kafka.security_protocol',
      'kafka.user',
      'kafka.password',
      'kafka.ssl.ca_file',
      'kafka.ssl.cert_file',
      'kafka.ssl.key_file',
      'kafka.properties.ssl.ca.pem',
      'kafka.properties.ssl.certificate.pem',
      'kafka.properties.ssl.key.pem',
      'kafka.properties.ssl.keystore.location',
      'kafka.properties.ssl.crl.location',
    ],
    rule: 'Certificates and keys need `ssl` or `sasl_ssl`, so that nothing is sent unencrypted by mistake.',
    violation: filesWithoutEncryption,
  },
]

function userOrProtocolAlone({ kafka }: Settled): string | undefined {
  const { security_protocol: protocol, user, sasl_mechanism: mechanism } = kafka
  const isSasl = protocol.startsWith('sasl_')
  if (mechanism === 'oauthbearer') {
    if (user !== '')
      return 'kafka.user is set, but kafka.sasl_mechanism is oauthbearer, which takes a token; remove one of them'
    return isSasl
      ? undefined
      : `kafka.sasl_mechanism is oauthbearer, but kafka.security_protocol is ${protocol || 'plaintext'}; use sasl_ssl`
  }
  if (protocol === '' || isSasl === (user !== '')) return undefined
  return isSasl
    ? `kafka.security_protocol is ${protocol}, but kafka.user is empty; set it, or use ${protocol.replace('sasl_', '')}`
    : `kafka.user is set, but kafka.security_protocol is ${protocol}; use sasl_${protocol}, or remove the user`
}

function tokenFromTwoPlacesOrNone({ kafka }: Settled): string | undefined {
  const { sasl_mechanism: mechanism, properties } = kafka
  const places = {
    'kafka.sasl_oauthbearer_token': kafka.sasl_oauthbearer_token,
    'sasl.oauthbearer.method=oidc': properties['sasl.oauthbearer.method'].replace('default', ''),
    'enable.sasl.oauthbearer.unsecure.jwt=true': properties['enable.sasl.oauthbearer.unsecure.jwt']
      ? 'true'
      : '',
  }
  const [given] = setOf(places)
  if (mechanism === 'oauthbearer') {
    return given === undefined
      ? `kafka.sasl_mechanism is oauthbearer, but there is no token; set one of ${Object.keys(places).join(', ')}`
      : together(places)
  }
  return given === undefined
    ? undefined
    : `${given} is set, but kafka.sasl_mechanism is ${mechanism}; use oauthbearer`
}

function incompleteTokenEndpoint({ kafka: { properties } }: Settled): string | undefined {
  const needed = {
    'sasl.oauthbearer.client.id': properties['sasl.oauthbearer.client.id'],
    'sasl.oauthbearer.client.secret': properties['sasl.oauthbearer.client.secret'],
    'sasl.oauthbearer.token.endpoint.url': properties['sasl.oauthbearer.token.endpoint.url'],
  }
  const given = setOf(needed)
  if (properties['sasl.oauthbearer.method'] !== 'oidc') {
    return given[0] === undefined
      ? undefined
      : `${given[0]} is set, but sasl.oauthbearer.method is default; set it to oidc`
  }
  const missing = Object.keys(needed).find((name) => !given.includes(name))
  return missing === undefined
    ? undefined
    : `\`${missing}\` is mandatory when \`sasl.oauthbearer.method=oidc\` is set`
}

function certificateAndKey({ kafka: { ssl, properties } }: Settled): string | undefined {
  const certificate = {
    'kafka.ssl.cert_file': ssl.cert_file,
    'ssl.certificate.pem': properties['ssl.certificate.pem'],
  }
  const key = { 'kafka.ssl.key_file': ssl.key_file, 'ssl.key.pem': properties['ssl.key.pem'] }
  const keystore = { 'ssl.keystore.location': properties['ssl.keystore.location'] }
  const doubled =
    together(certificate) ??
    together(key) ??
    together({ ...keystore, ...certificate }) ??
    together({ ...keystore, ...key })
  if (doubled !== undefined) return doubled
  const [hasCertificate] = setOf(certificate)
  const [hasKey] = setOf(key)
  if ((hasCertificate === undefined) === (hasKey === undefined)) return undefined
  return hasKey === undefined
    ? `${hasCertificate ?? ''} is set, but ${partnerOf(hasCertificate)} is empty; set both or neither`
    : `${hasKey} is set, but ${partnerOf(hasKey)} is empty; set both or neither`
}

const PARTNERS: Texts = {
  'kafka.ssl.cert_file': 'kafka.ssl.key_file',
  'kafka.ssl.key_file': 'kafka.ssl.cert_file',
  'ssl.certificate.pem': 'ssl.key.pem',
  'ssl.key.pem': 'ssl.certificate.pem',
}

function partnerOf(key = ''): string {
  return PARTNERS[key] ?? ''
}

function passwordWithoutKey({ kafka: { ssl, properties } }: Settled): string | undefined {
  const hasKey = ssl.key_file !== '' || properties['ssl.key.pem'] !== ''
  return ssl.key_password === '' || hasKey
    ? undefined
    : 'kafka.ssl.key_password is set, but kafka.ssl.key_file is empty; set both or neither'
}

function filesWithoutEncryption(values: Settled): string | undefined {
  const protocol = securityProtocol(values)
  if (protocol.endsWith('ssl')) return undefined
  const { ssl, properties } = values.kafka
  const [given] = setOf({
    'kafka.ssl.ca_file': ssl.ca_file,
    'kafka.ssl.cert_file': ssl.cert_file,
    'kafka.ssl.key_file': ssl.key_file,
    'ssl.ca.pem': properties['ssl.ca.pem'],
    'ssl.certificate.pem': properties['ssl.certificate.pem'],
    'ssl.key.pem': properties['ssl.key.pem'],
    'ssl.keystore.location': properties['ssl.keystore.location'],
    'ssl.crl.location': properties['ssl.crl.location'],
  })
  if (given === undefined) return undefined
  const encrypted = protocol === 'plaintext' ? 'ssl' : 'sasl_ssl'
  return `${given} is set, but kafka.security_protocol is ${protocol}, which does not encrypt; use ${encrypted}`
}
