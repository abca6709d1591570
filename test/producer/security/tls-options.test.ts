import { createPrivateKey } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TlsSettings, TLS_PROPERTIES } from '../../../src/producer/security/settings.ts'
import { tlsOptions } from '../../../src/producer/security/tls-options.ts'
import { createAuthority } from '../../support/certificates.ts'
import { OLD_KEY, OLD_KEYSTORE } from '../../support/old-encryption.ts'

const authority = createAuthority()
const otherAuthority = createAuthority()
const { cert, key } = authority.issue('client')
const stranger = authority.issue('stranger')
const passphrase = 'canary-passphrase'
const encryptedKey = createPrivateKey(key).export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase,
})

let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kprf-'))
})

afterAll(() => {
  rmSync(directory, { recursive: true })
})

function file(name: string, text: string | Buffer): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

/** A trusted certificate that names the host, and none of our own. */
const DEFAULT_TLS: TlsSettings = {
  caLocation: '',
  caPem: '',
  certificateLocation: '',
  certificatePem: '',
  keyLocation: '',
  keyPem: '',
  keyPassword: '',
  keystoreLocation: '',
  keystorePassword: '',
  crlLocation: '',
  cipherSuites: '',
  curvesList: '',
  sigalgsList: '',
  endpointIdentification: 'https',
  isCertificateVerified: true,
}

const options = (settings: Partial<TlsSettings>) => tlsOptions({ ...DEFAULT_TLS, ...settings })

/** What is wrong with these settings. */
function complaintOf(settings: Partial<TlsSettings>): string {
  try {
    options(settings)
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
    return error instanceof Error ? error.message : ''
  }
  return 'none'
}

describe('tlsOptions', () => {
  it('leave everything to Node by default', () => {
    expect(options({})).toEqual({})
  })

  it('take authorities from a file, and ignore the rest of it', () => {
    const caLocation = file('ca.pem', `# ours\n${authority.cert}\n${otherAuthority.cert}`)

    expect(options({ caLocation })).toEqual({
      ca: [authority.cert.trim(), otherAuthority.cert.trim()],
    })
  })

  it('take authorities from those files of a directory that have some', () => {
    const caLocation = join(directory, 'authorities')
    mkdirSync(join(caLocation, 'below'), { recursive: true })
    writeFileSync(join(caLocation, 'a.pem'), authority.cert)
    writeFileSync(join(caLocation, 'b.crt'), otherAuthority.cert)
    writeFileSync(join(caLocation, 'README'), 'the authorities')

    const { ca } = options({ caLocation })

    expect(ca).toHaveLength(2)
    expect(ca).toEqual(expect.arrayContaining([authority.cert.trim(), otherAuthority.cert.trim()]))
  })

  it('take authorities from a directory as Kubernetes mounts it, with a link to each file', () => {
    const caLocation = join(directory, 'mounted')
    mkdirSync(join(caLocation, '..2026_11_27'), { recursive: true })
    writeFileSync(join(caLocation, '..2026_11_27', 'ca.crt'), authority.cert)
    symlinkSync('..2026_11_27', join(caLocation, '..data'))
    symlinkSync(join('..data', 'ca.crt'), join(caLocation, 'ca.crt'))

    expect(options({ caLocation })).toEqual({ ca: [authority.cert.trim()] })
  })

  it('take authorities, certificate and key as text', () => {
    const settings = { caPem: authority.cert, certificatePem: cert, keyPem: key }

    expect(options(settings)).toEqual({ ca: [authority.cert.trim()], cert, key })
  })

  it('take a certificate and an encrypted key from files', () => {
    const settings = {
      certificateLocation: file('cert.pem', cert),
      keyLocation: file('encrypted.pem', encryptedKey),
      keyPassword: passphrase,
    }

    expect(options(settings)).toEqual({ cert, key: encryptedKey, passphrase })
  })

  it('pass cipher suites, curves and signature algorithms to OpenSSL', () => {
    const settings = {
      cipherSuites: 'ECDHE-RSA-AES256-GCM-SHA384:TLS_AES_256_GCM_SHA384',
      curvesList: 'X25519:P-256',
      sigalgsList: 'RSA-PSS+SHA256:ECDSA+SHA256',
    }

    expect(options(settings)).toEqual({
      ciphers: settings.cipherSuites,
      ecdhCurve: settings.curvesList,
      sigalgs: settings.sigalgsList,
    })
  })

  it('accept any host name if it is not to be compared, and still verify the certificate', () => {
    const { checkServerIdentity, rejectUnauthorized } = options({ endpointIdentification: 'none' })

    expect(checkServerIdentity).toBeTypeOf('function')
    expect(rejectUnauthorized).toBeUndefined()
  })

  it('accept any certificate if none is to be verified', () => {
    expect(options({ isCertificateVerified: false })).toEqual({ rejectUnauthorized: false })
  })

  it('name settings in errors as the configuration does', () => {
    const keys = { ...TLS_PROPERTIES, caPem: 'kafka.tls.authority' }

    expect(() => tlsOptions({ ...DEFAULT_TLS, caPem: 'x' }, keys)).toThrow(
      /^kafka\.tls\.authority: /,
    )
  })
})

describe('a mistake in the TLS settings', () => {
  it.each<[string, () => Partial<TlsSettings>, RegExp]>([
    [
      'a file that is not there',
      () => ({ caLocation: '/nowhere/ca.pem' }),
      /^ssl\.ca\.location: cannot read "\/nowhere\/ca\.pem": ENOENT/,
    ],
    [
      'a file of authorities without any',
      () => ({ caLocation: file('empty.pem', 'nothing') }),
      /^ssl\.ca\.location: ".*empty\.pem" holds no certificate in PEM/,
    ],
    [
      'an authority that cannot be read',
      () => ({ caPem: authority.cert.replace(/\n.{8}/, '\nAAAAAAAA') }),
      /^ssl\.ca\.pem: it holds a certificate that cannot be read, number 1$/,
    ],
    [
      'a certificate that is none',
      () => ({ certificatePem: key, keyPem: key }),
      /^ssl\.certificate\.pem: it holds no certificate in PEM/,
    ],
    [
      'a key that is none',
      () => ({ certificatePem: cert, keyPem: cert }),
      /^ssl\.key\.pem: there is no private key in PEM$/,
    ],
    [
      'a key that is damaged',
      () => ({ certificatePem: cert, keyPem: key.replace(/\n.{8}/, '\nAAAAAAAA') }),
      /^ssl\.key\.pem: the private key cannot be read$/,
    ],
    [
      'the key of another certificate',
      () => ({ certificatePem: cert, keyPem: stranger.key }),
      /^ssl\.key\.pem is not the key of the certificate in ssl\.certificate\.pem/,
    ],
    [
      'an encrypted key without its password',
      () => ({ certificatePem: cert, keyPem: encryptedKey }),
      /^ssl\.key\.pem: the private key is encrypted; set ssl\.key\.password$/,
    ],
    [
      'an encrypted key with another password',
      () => ({ certificatePem: cert, keyPem: encryptedKey, keyPassword: 'canary-wrong' }),
      /^ssl\.key\.pem: the private key cannot be decrypted; ssl\.key\.password is not its password$/,
    ],
    [
      'a keystore that is none',
      () => ({ keystoreLocation: file('store.p12', 'x'), keystorePassword: 'canary-store' }),
      /^ssl\.keystore\.location: ".*store\.p12" cannot be opened; it must be PKCS#12 .* ssl\.keystore\.password/,
    ],
    [
      'a keystore in an old encryption',
      () => ({ keystoreLocation: file('old.p12', OLD_KEYSTORE), keystorePassword: 'secret' }),
      /^ssl\.keystore\.location: ".*old\.p12" is encrypted in an old way.*: openssl pkcs12 -legacy -in OLD /,
    ],
    [
      'a key in an old encryption',
      () => ({ certificatePem: cert, keyPem: OLD_KEY, keyPassword: 'secret' }),
      /^ssl\.key\.pem: the private key is encrypted in an old way.*: openssl pkcs8 -topk8 -provider legacy /,
    ],
    [
      'a revocation list that is none',
      () => ({ crlLocation: file('crl.pem', 'x') }),
      /^ssl\.crl\.location: ".*crl\.pem" is not a certificate revocation list in PEM/,
    ],
    [
      'cipher suites that do not exist',
      () => ({ cipherSuites: 'ROT13' }),
      /^ssl\.cipher\.suites: OpenSSL does not know these names/,
    ],
    [
      'curves that do not exist',
      () => ({ curvesList: 'round' }),
      /^ssl\.curves\.list: OpenSSL does not know these names/,
    ],
    [
      'signature algorithms that do not exist',
      () => ({ sigalgsList: 'crayon' }),
      /^ssl\.sigalgs\.list: OpenSSL does not know these names/,
    ],
  ])('is one line that names the key: %s', (_, settings, complaint) => {
    const message = complaintOf(settings())

    expect(message).toMatch(complaint)
    expect(message).not.toContain('\n')
    expect(message).not.toMatch(/canary|BEGIN PRIVATE/)
  })
})
