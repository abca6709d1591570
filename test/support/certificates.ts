import type { KeyObject } from 'node:crypto'
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'

/** A certificate and its key, in PEM. */
export interface Credentials {
  readonly cert: string
  readonly key: string
}

/** A certificate authority for one test run. */
export interface Authority {
  readonly cert: string
  /**
   * Issues a certificate with this common name.
   *
   * @param hosts - host names, IPv4 addresses and URIs; @defaultValue localhost and 127.0.0.1
   */
  issue(commonName: string, validity?: Validity, hosts?: readonly string[]): Credentials
}

/** When a certificate is valid: `YYYYMMDDhhmmssZ`. */
export interface Validity {
  /** @defaultValue long ago */
  readonly from?: string
  /** @defaultValue in the far future */
  readonly until?: string
}

const OIDS = {
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  basicConstraints: '551d13',
  subjectAltName: '551d11',
} as const

const VALID_FROM = '20200101000000Z'
const VALID_UNTIL = '21000101000000Z'

/** Makes an authority that nobody else trusts. */
export function createAuthority(validity: Validity = {}): Authority {
  const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const constraints = extension(OIDS.basicConstraints, sequence(der(0x01, Buffer.from([0xff]))))
  const issuer = { commonName: 'test authority', key: pair.privateKey }
  return {
    cert: certificate(issuer, issuer.commonName, pair.publicKey, validity, constraints),
    issue(commonName, ownValidity = {}, hosts = ['localhost', '127.0.0.1']) {
      const own = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      const names = hosts.map((host) =>
        isIPv4(host)
          ? der(0x87, Buffer.from(host.split('.').map(Number)))
          : der(host.includes('://') ? 0x86 : 0x82, Buffer.from(host)),
      )
      const altNames = extension(OIDS.subjectAltName, sequence(...names))
      return {
        cert: certificate(issuer, commonName, own.publicKey, ownValidity, altNames),
        key: own.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      }
    },
  }
}

function certificate(
  issuer: { readonly commonName: string; readonly key: KeyObject },
  subject: string,
  publicKey: KeyObject,
  { from = VALID_FROM, until = VALID_UNTIL }: Validity,
  ...extensions: readonly Buffer[]
): string {
  const algorithm = sequence(oid(OIDS.ecdsaWithSha256))
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name(issuer.commonName),
    sequence(time(from), time(until)),
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  )
  const signature = Buffer.concat([Buffer.alloc(1), sign('sha256', body, issuer.key)])
  const encoded = sequence(body, algorithm, der(0x03, signature)).toString('base64')
  const lines = encoded.match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

/** One value: tag, length, content. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const long = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : undefined
  const head = long ?? [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...head]), content])
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, Buffer.concat(parts))
const integer = (bytes: Buffer): Buffer => der(0x02, bytes)
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'))
const time = (text: string): Buffer => der(0x18, Buffer.from(text))

function name(commonName: string): Buffer {
  const attribute = sequence(oid(OIDS.commonName), der(0x0c, Buffer.from(commonName)))
  return sequence(der(0x31, attribute))
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), der(0x04, value))
}
