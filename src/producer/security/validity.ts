/** Says when certificates are valid: OpenSSL only says that one is not. */
import { X509Certificate } from 'node:crypto'
import type { ConnectionOptions } from 'node:tls'

/** Error code of a TLS connection that failed because of the dates of kprf's own certificate. */
export const OWN_CERTIFICATE_INVALID = 'ERR_TLS_OWN_CERTIFICATE_INVALID'

/** The certificates of a TLS connection, as far as they are known. */
export interface Certificates {
  /** Of the broker, with its issuers. */
  readonly peer: X509Certificate | undefined
  /** Of kprf. */
  readonly own: X509Certificate | undefined
  /** The authorities that kprf trusts, in PEM, if they are configured. */
  readonly ca: ConnectionOptions['ca']
  readonly epochMs: number
}

/** Alerts of a broker that does not take the certificate of a client. */
const REFUSED_BY_BROKER = /ALERT_(BAD_CERT|CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERT|HANDSHAKE)/

/** Puts the name of the certificate and the date into the message of an error of TLS, if that is the reason. */
export function explainDates(error: Error, certificates: Certificates): void {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const { peer, own, epochMs } = certificates
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    const isExpired = code === 'CERT_HAS_EXPIRED'
    const rank = isExpired ? endMs : (one: X509Certificate) => -startMs(one)
    const [culprit] = chainOf(certificates).sort((one, other) => rank(one) - rank(other))
    if (!culprit) return
    const whose = culprit === peer ? "the broker's certificate" : 'the certificate of an authority'
    error.message = `${whose}, ${nameOf(culprit)}, ${isExpired ? expired(culprit) : notYet(culprit)}`
  } else if (own && REFUSED_BY_BROKER.test(code)) {
    const dates = problemOf(own, epochMs)
    if (dates === undefined) return
    error.message = `kprf's certificate, ${nameOf(own)}, ${dates}`
    Object.assign(error, { code: OWN_CERTIFICATE_INVALID })
  }
}

/** Returns what is wrong with the dates of kprf's own certificates and authorities, one line each. */
export function dateWarnings({ cert, ca }: ConnectionOptions, epochMs: number): readonly string[] {
  const own = certificatesOf(cert).slice(0, 1)
  const lines = (label: string, certificates: readonly X509Certificate[]): string[] =>
    certificates.flatMap((one) => {
      const problem = problemOf(one, epochMs)
      return problem === undefined ? [] : [`${label}, ${nameOf(one)}, ${problem}`]
    })
  return [
    ...lines("kprf's certificate (kafka.ssl.cert_file)", own),
    ...lines('the certificate of an authority (kafka.ssl.ca_file)', certificatesOf(ca)),
  ]
}

/** What is wrong with the dates of the first certificate of a PEM text, with its name; `undefined` if nothing is. */
export function dateProblem(cert: ConnectionOptions['cert'], epochMs: number): string | undefined {
  const [own] = certificatesOf(cert)
  if (own === undefined) return undefined
  const problem = problemOf(own, epochMs)
  return problem === undefined ? undefined : `${nameOf(own)}, ${problem}`
}

/** When the first of these certificates expires, milliseconds since the epoch; `undefined` without one. */
export function expiryMs(certificates: ConnectionOptions['ca']): number | undefined {
  const ends = certificatesOf(certificates).map(endMs)
  return ends.length === 0 ? undefined : Math.min(...ends)
}

function problemOf(certificate: X509Certificate, epochMs: number): string | undefined {
  if (endMs(certificate) < epochMs) return expired(certificate)
  return startMs(certificate) > epochMs ? notYet(certificate) : undefined
}

/** The certificate of the broker, its issuers, and the authorities among these that it did not send. */
function chainOf({ peer, ca }: Certificates): X509Certificate[] {
  const chain: X509Certificate[] = []
  for (let one = peer; one && !chain.includes(one); one = one.issuerCertificate) chain.push(one)
  const issuers = certificatesOf(ca).filter((authority) =>
    chain.some((one) => one.checkIssued(authority)),
  )
  return [...chain, ...issuers]
}

const PEM = /-----BEGIN [A-Z0-9 ]*CERTIFICATE-----[^-]+-----END [A-Z0-9 ]*CERTIFICATE-----/g

function certificatesOf(pem: ConnectionOptions['ca']): X509Certificate[] {
  const texts = [pem ?? []].flat().flatMap((text) => text.toString().match(PEM) ?? [])
  return texts.map((text) => new X509Certificate(text))
}

const endMs = ({ validTo }: X509Certificate): number => Date.parse(validTo)
const startMs = ({ validFrom }: X509Certificate): number => Date.parse(validFrom)
const expired = (one: X509Certificate): string => `expired on ${dateOf(endMs(one))}`
const notYet = (one: X509Certificate): string => `is not valid before ${dateOf(startMs(one))}`

function dateOf(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

const MAX_NAME_CHARACTERS = 200

function nameOf({ subject }: X509Certificate): string {
  return subject.replaceAll('\n', ', ').slice(0, MAX_NAME_CHARACTERS)
}
