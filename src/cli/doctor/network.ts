/** The layers below Kafka: names, connections, and the certificate that a port shows. */
import { lookup } from 'node:dns/promises'
import { connect, isIP } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import type { HostPort } from '../../producer/kafkajs/probe/prober.ts'

/** What a port shows of itself in a handshake of TLS. */
export interface ShownCertificate {
  readonly subject: string
  readonly issuer: string
  /** The names that it is for. */
  readonly names: string
  readonly validToMs: number
}

/** The network, which tests replace. Each call ends within its timeout. */
export interface Network {
  /** The addresses of a name, in the order in which they are tried. */
  lookup(host: string, timeoutMs: number): Promise<readonly string[]>
  /** Opens a connection to one address, and closes it. */
  connect(place: HostPort, timeoutMs: number): Promise<void>
  /** The certificate that a port shows, whoever issued it; `undefined` if it does not speak TLS. */
  peek(place: HostPort, timeoutMs: number): Promise<ShownCertificate | undefined>
}

const FAMILIES = { any: 0, v4: 4, v6: 6 } as const

/**
 * The network of this machine.
 *
 * @param family - `broker.address.family`.
 * @param tls - the options of TLS, for brokers that ask for a certificate.
 */
export function machineNetwork(
  family: keyof typeof FAMILIES,
  tls: ConnectionOptions | undefined,
): Network {
  return {
    async lookup(host, timeoutMs) {
      if (isIP(host) !== 0) return [host]
      const found = lookup(host, { all: true, family: FAMILIES[family] })
      return (await inTime(found, timeoutMs)).map(({ address }) => address)
    },
    connect(place, timeoutMs) {
      const { promise, resolve, reject } = Promise.withResolvers<undefined>()
      const socket = connect(place, () => {
        resolve(undefined)
      }).on('error', reject)
      return inTime(promise, timeoutMs).finally(() => socket.destroy())
    },
    async peek({ host, port }, timeoutMs) {
      const { promise, resolve, reject } = Promise.withResolvers<ShownCertificate | undefined>()
      const socket = connectTls({
        ...{ cert: tls?.cert, key: tls?.key, passphrase: tls?.passphrase, pfx: tls?.pfx },
        ...{ host, port, rejectUnauthorized: false },
        ...(isIP(host) === 0 && { servername: host }),
      })
      socket.on('error', reject).on('secureConnect', () => {
        const certificate = socket.getPeerX509Certificate()
        resolve(
          certificate && {
            subject: certificate.subject.replaceAll('\n', ', '),
            issuer: certificate.issuer.replaceAll('\n', ', '),
            names: certificate.subjectAltName?.replaceAll(/\b(DNS|IP Address):/g, '') ?? 'no name',
            validToMs: Date.parse(certificate.validTo),
          },
        )
      })
      return await inTime(promise, timeoutMs)
        .catch(() => undefined)
        .finally(() => socket.destroy())
    },
  }
}

/** The error of what has not ended in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
  readonly code = 'ETIMEDOUT'
}

/** Waits for a result, at most so long, ms. */
export async function inTime<Result>(result: Promise<Result>, timeoutMs: number): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(new TimeoutError(`no answer within ${timeoutMs} ms`))
  }, timeoutMs)
  try {
    return await Promise.race([result, promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Splits `host:port`; brackets of an IPv6 address go. */
export function splitAddress(address: string): HostPort {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return { host, port: Number(address.slice(colon + 1)) }
}
