import type { Socket } from 'node:net'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import { isPrincipalName, type Principal } from '../../base/principal.ts'
import { isTlsSocket } from '../tls/is-tls-socket.ts'

/** The part of a certificate that names its client: common name, or subject alternative name of DNS or URI. */
export type CertificateName = 'cn' | 'san_dns' | 'san_uri'

/** What the certificate of a connection says about its client. */
export type CertificateAnswer =
  | { readonly kind: 'none' }
  | { readonly kind: 'client'; readonly principal: Principal }
  /** No authority that kprf trusts signed it for clients, or it is out of date. */
  | { readonly kind: 'untrusted' }
  /** It does not have exactly one name of the kind, or the name cannot be that of a principal. */
  | { readonly kind: 'unnamed' }

const NONE: CertificateAnswer = { kind: 'none' }
const UNTRUSTED: CertificateAnswer = { kind: 'untrusted' }
const UNNAMED: CertificateAnswer = { kind: 'unnamed' }

const SAN_TYPES = { san_dns: 'DNS', san_uri: 'URI' } as const

/** Names clients by the certificates that they showed in their handshakes. */
export class ClientCertificates {
  readonly #from: CertificateName
  /** Node decodes the certificate anew at each call, and a connection has the same one for all of its requests. */
  readonly #answers = new WeakMap<Socket, CertificateAnswer>()

  constructor(from: CertificateName) {
    this.#from = from
  }

  /** What the certificate of this connection says. It was verified in the handshake, and is not verified again. */
  of(socket: Socket): CertificateAnswer {
    const known = this.#answers.get(socket)
    if (known !== undefined) return known
    const answer = this.#read(socket)
    this.#answers.set(socket, answer)
    return answer
  }

  #read(socket: Socket): CertificateAnswer {
    if (!isTlsSocket(socket)) return NONE
    const certificate = shownOn(socket)
    if (certificate === undefined) return NONE
    if (!socket.authorized) return UNTRUSTED
    const [name, ...others] = namesOf(certificate, this.#from)
    if (name === undefined || others.length > 0 || !isPrincipalName(name)) return UNNAMED
    return { kind: 'client', principal: { name } }
  }
}

function shownOn(socket: TLSSocket): PeerCertificate | undefined {
  // Node's types do not say that it is null on a closed connection, and empty if none was shown.
  const certificate: unknown = socket.getPeerCertificate()
  return isCertificate(certificate) ? certificate : undefined
}

function isCertificate(value: unknown): value is PeerCertificate {
  return typeof value === 'object' && value !== null && 'raw' in value
}

function namesOf({ subject, subjectaltname }: PeerCertificate, from: CertificateName): string[] {
  if (from !== 'cn') return alternativeNames(subjectaltname ?? '', SAN_TYPES[from])
  // A subject may have no common name, or several.
  const names: unknown = subject.CN
  return [names].flat().filter((name) => typeof name === 'string')
}

/**
 * The names of one type in Node's text of subject alternative names, `DNS:a, URI:"b, c"`. Node writes a value as a
 * JSON string if it has characters with a meaning in this text, so that no value can be taken for two names.
 */
function alternativeNames(text: string, type: string): string[] {
  const entry = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y
  const names: string[] = []
  while (entry.lastIndex < text.length) {
    const [, entryType, value] = entry.exec(text) ?? []
    // What cannot be read may be a name, too: then none is certain.
    if (value === undefined) return []
    if (entryType === type) names.push(unquoted(value))
  }
  return names
}

function unquoted(value: string): string {
  return value.startsWith('"') ? String(JSON.parse(value)) : value
}
