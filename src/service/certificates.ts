import type { ConnectionOptions } from 'node:tls'
import { expiryMs } from '../producer/security/validity.ts'
import type { CertificateExpiries } from '../telemetry/metrics/certificate-metrics.ts'
import type { ReadinessCheck } from '../operations/readiness.ts'
import type { ServerTls } from '../http/tls/server-tls.ts'
import type { Port, PortTls } from '../settings/http-tls.ts'
import { type CertificateDependencies, PortCertificate } from './port-certificate.ts'

/** The certificates of a process: those of its ports, and what it uses with Kafka. */
export class Certificates {
  readonly #ports: readonly PortCertificate[]
  #kafka: ConnectionOptions | undefined

  /** @param renew - gives a port of this process its renewed certificate. */
  constructor(
    ports: readonly PortTls[],
    dependencies: CertificateDependencies,
    renew: (port: Port, tls: ServerTls) => void,
  ) {
    this.#ports = ports.map((tls) => {
      const onRenewed = (renewed: ServerTls): void => {
        renew(tls.port, renewed)
      }
      return new PortCertificate({ ...dependencies, tls, onRenewed })
    })
  }

  /** Connections to Kafka use these from now on. */
  usedWithKafka(options: ConnectionOptions | undefined): void {
    this.#kafka = options
  }

  /** How a port speaks TLS at first; `undefined` for plain HTTP. */
  initialOf(port: Port): ServerTls | undefined {
    return this.#ports.find(({ use }) => use === port)?.initial
  }

  start(): void {
    for (const port of this.#ports) port.start()
  }

  /** Looks at once whether the files of the ports were renewed. */
  look(): void {
    for (const port of this.#ports) port.look()
  }

  stop(): void {
    for (const port of this.#ports) port.stop()
  }

  /** When the first certificate of each use expires. */
  get expiries(): CertificateExpiries {
    const expiries = new Map<string, number>()
    const add = (use: string, ms: number | undefined): void => {
      if (ms !== undefined) expiries.set(use, ms)
    }
    for (const { use, expiryMs: ms } of this.#ports) add(use, ms)
    add('kafka_client', expiryMs(this.#kafka?.cert))
    add('kafka_ca', expiryMs(this.#kafka?.ca))
    return expiries
  }

  /** Fails while clients refuse the certificate of a port; `undefined` without TLS. */
  get check(): ReadinessCheck | undefined {
    if (this.#ports.length === 0) return undefined
    return {
      name: 'certificate',
      check: () => this.#ports.map(({ problem }) => problem).find((problem) => problem),
    }
  }
}
