import type { SecureContextOptions } from 'node:tls'
import type { CancelTimer, Clock } from '../base/clock.ts'
import { RenewableCredentials } from '../producer/security/renewable-credentials.ts'
import { dateProblem, expiryMs } from '../producer/security/validity.ts'
import type { ServerTls } from '../http/tls/server-tls.ts'
import type { Port, PortTls } from '../settings/http-tls.ts'
import type { Log, Logger } from '../telemetry/logging.ts'

/** How often the files are looked at, ms. */
const LOOK_INTERVAL_MS = 5_000

/** What all certificates of a process work with. */
export interface CertificateDependencies {
  readonly clock: Clock
  readonly logger: Logger
  /** Masks renewed secrets. */
  readonly log: Pick<Log, 'mask'>
}

/** Dependencies of a {@link PortCertificate}. */
export interface PortCertificateOptions extends CertificateDependencies {
  readonly tls: PortTls
  /** The port uses this for new connections. */
  readonly onRenewed: (tls: ServerTls) => void
}

/** The certificate of a port: looks whether its files were renewed, and says when it expires. */
export class PortCertificate {
  readonly #options: PortCertificateOptions
  readonly #credentials: RenewableCredentials
  #context: SecureContextOptions
  #problem: string | undefined
  #cancelLook: CancelTimer | undefined

  constructor(options: PortCertificateOptions) {
    const { tls, logger, log } = options
    const { port } = tls
    this.#options = options
    this.#context = tls.initial.context
    const initial = { ssl: this.#context, sasl: undefined }
    this.#credentials = new RenewableCredentials(initial, tls.reader, {
      onRenewed: ({ ssl, secrets }) => {
        log.mask(secrets)
        this.#context = ssl ?? {}
        options.onRenewed(tls.toServer(this.#context))
        logger.info('the certificate was renewed: new connections use it', { use: port })
      },
      onRefused: (reason) => {
        logger.warn('a renewed certificate cannot be used: kprf keeps the old one', {
          ...{ use: port, reason },
        })
      },
    })
  }

  /** Looks at the files, now and then every {@link LOOK_INTERVAL_MS}. */
  start(): void {
    this.look()
    this.#cancelLook = this.#options.clock.schedule(LOOK_INTERVAL_MS, () => {
      this.start()
    })
  }

  /** Looks at the files. */
  look(): void {
    this.#credentials.current()
    const { clock, logger } = this.#options
    const problem = dateProblem(this.#context.cert, clock.epochMs())
    if (problem !== undefined && problem !== this.#problem) {
      logger.warn(`clients refuse the certificate: ${problem}`, { use: this.use })
    }
    this.#problem = problem
  }

  get use(): Port {
    return this.#options.tls.port
  }

  get initial(): ServerTls {
    return this.#options.tls.initial
  }

  stop(): void {
    this.#cancelLook?.()
  }

  /** Why clients refuse the certificate; `undefined` if its dates are right. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** When it expires, milliseconds since the epoch. */
  get expiryMs(): number | undefined {
    return expiryMs(this.#context.cert)
  }
}
