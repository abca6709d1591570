import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import type { ConnectionOptions, SecureContextOptions } from 'node:tls'
import { ProxyError } from '../../base/errors.ts'
import { tls } from '../../base/node-modules.ts'
import { quotedPath } from '../../base/quotable.ts'
import { certificatesIn, readCertificates, readFileOf } from './pem-files.ts'
import { TLS_PROPERTIES, type TlsKeys, type TlsSettings } from './settings.ts'

/**
 * Converts the settings to options of `tls.connect`, and checks them before kprf serves: each error is one line
 * that names the key and says what to do. None quotes a key or a password. The rules of the configuration ensure
 * that at most one of several exclusive settings is set, and that a certificate has a key.
 *
 * @param keys - names of the settings in the configuration.
 * @defaultValue librdkafka's names
 * @throws ProxyError CONFIG_INVALID
 */
export function tlsOptions(
  settings: TlsSettings,
  keys: TlsKeys = TLS_PROPERTIES,
): ConnectionOptions {
  const { endpointIdentification, isCertificateVerified } = settings
  return {
    ...authorities(settings, keys),
    ...revocations(settings, keys),
    ...identity(settings, keys),
    ...algorithms(settings, keys),
    // Accepts any host name; the chain is still verified.
    ...(endpointIdentification === 'none' && { checkServerIdentity: () => undefined }),
    ...(!isCertificateVerified && { rejectUnauthorized: false }),
  }
}

function authorities(settings: TlsSettings, keys: TlsKeys): ConnectionOptions {
  const { caLocation, caPem } = settings
  if (caLocation !== '') return { ca: readCertificates(keys.caLocation, caLocation) }
  if (caPem !== '') return { ca: certificatesIn(keys.caPem, caPem) }
  return {}
}

function revocations({ crlLocation }: TlsSettings, keys: TlsKeys): ConnectionOptions {
  if (crlLocation === '') return {}
  const crl = readFileOf(keys.crlLocation, crlLocation)
  const complaint = `${keys.crlLocation}: ${quotedPath(crlLocation)} is not a certificate revocation list in PEM`
  assertUsable({ crl }, complaint)
  return { crl }
}

function identity(settings: TlsSettings, keys: TlsKeys): ConnectionOptions {
  if (settings.keystoreLocation !== '') return keystore(settings, keys)
  const certificateKey = settings.certificatePem === '' ? 'certificateLocation' : 'certificatePem'
  const keyKey = settings.keyPem === '' ? 'keyLocation' : 'keyPem'
  if (settings[certificateKey] === '') return {}
  const cert = textOf(settings, keys, certificateKey)
  const [leaf = ''] = certificatesIn(keys[certificateKey], cert)
  const key = textOf(settings, keys, keyKey)
  const privateKey = parseKey(key, settings.keyPassword, keys[keyKey], keys.keyPassword)
  if (!new X509Certificate(leaf).checkPrivateKey(privateKey)) {
    refuse(
      `${keys[keyKey]} is not the key of the certificate in ${keys[certificateKey]}; give a matching pair, the client's own certificate first`,
    )
  }
  const passphrase = settings.keyPassword
  return { cert, key, ...(passphrase !== '' && { passphrase }) }
}

function keystore(settings: TlsSettings, keys: TlsKeys): ConnectionOptions {
  const { keystoreLocation, keystorePassword: passphrase } = settings
  const pfx = readFileOf(keys.keystoreLocation, keystoreLocation)
  const where = `${keys.keystoreLocation}: ${quotedPath(keystoreLocation)}`
  assertUsable(
    { pfx, passphrase },
    `${where} cannot be opened; it must be PKCS#12 with a certificate and its key, and ${keys.keystorePassword} its password`,
    `${where} is ${OLD_ENCRYPTION}: openssl pkcs12 -legacy -in OLD -nodes -out pair.pem && openssl pkcs12 -export -in pair.pem -out NEW`,
  )
  return { pfx, passphrase }
}

function algorithms(settings: TlsSettings, keys: TlsKeys): ConnectionOptions {
  const { cipherSuites, curvesList, sigalgsList } = settings
  const options: ConnectionOptions = {}
  const add = (key: string, value: string, option: SecureContextOptions): void => {
    if (value === '') return
    assertUsable(option, `${key}: OpenSSL does not know these names`)
    Object.assign(options, option)
  }
  add(keys.cipherSuites, cipherSuites, { ciphers: cipherSuites })
  add(keys.curvesList, curvesList, { ecdhCurve: curvesList })
  add(keys.sigalgsList, sigalgsList, { sigalgs: sigalgsList })
  return options
}

function textOf(settings: TlsSettings, keys: TlsKeys, field: PemField): string {
  const value = settings[field]
  return field.endsWith('Location') ? readFileOf(keys[field], value).toString() : value
}

type PemField = 'certificateLocation' | 'certificatePem' | 'keyLocation' | 'keyPem'

function parseKey(key: string, passphrase: string, name: string, passwordName: string): KeyObject {
  try {
    return createPrivateKey({ key, ...(passphrase !== '' && { passphrase }) })
  } catch (cause) {
    if (!key.includes('PRIVATE KEY-----')) refuse(`${name}: there is no private key in PEM`, cause)
    if (!key.includes('ENCRYPTED')) refuse(`${name}: the private key cannot be read`, cause)
    if (passphrase !== '' && isOldEncryption(cause)) {
      const remedy = 'openssl pkcs8 -topk8 -provider legacy -provider default -in OLD -out NEW'
      refuse(`${name}: the private key is ${OLD_ENCRYPTION}: ${remedy}`, cause)
    }
    refuse(
      passphrase === ''
        ? `${name}: the private key is encrypted; set ${passwordName}`
        : `${name}: the private key cannot be decrypted; ${passwordName} is not its password`,
      cause,
    )
  }
}

/** Of keystores by Java 8 and old versions of OpenSSL, for which Node.js has no code. */
const OLD_ENCRYPTION =
  'encrypted in an old way, such as RC2, that OpenSSL 3 does not read; encrypt it anew'

function isOldEncryption(error: unknown): boolean {
  return error instanceof Error && /unsupported/i.test(error.message)
}

function assertUsable(
  options: SecureContextOptions,
  complaint: string,
  complaintOfOld = complaint,
): void {
  try {
    tls().createSecureContext(options)
  } catch (cause) {
    if (isOldEncryption(cause)) refuse(complaintOfOld, cause)
    const reason = cause instanceof Error ? cause.message : String(cause)
    refuse(`${complaint} (${reason})`, cause)
  }
}

function refuse(message: string, cause?: unknown): never {
  throw new ProxyError('CONFIG_INVALID', message, { cause })
}
