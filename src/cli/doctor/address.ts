/** Checks one address of a broker from the name to the first answer: DNS, TCP, TLS, API versions, SASL, metadata. */
import { isIP } from 'node:net'
import type { Clock } from '../../base/clock.ts'
import { addressOf } from '../../producer/events.ts'
import { isHangUp } from '../../producer/kafkajs/connection-errors.ts'
import type { DescribedMetadata } from '../../producer/kafkajs/probe/described-metadata.ts'
import type { Probe } from '../../producer/kafkajs/probe/probe.ts'
import type { HostPort, Prober } from '../../producer/kafkajs/probe/prober.ts'
import type { SaslSettings } from '../../producer/security/settings.ts'
import { explain } from './explain.ts'
import { type Finding, Findings, shownDate, shownMs } from './finding.ts'
import { type Network, splitAddress } from './network.ts'
import { shownTarget, type Target } from './target.ts'

/** What the checks of addresses work with. */
export interface AddressParts {
  readonly clock: Clock
  readonly network: Network
  readonly prober: Pick<Prober, 'probe' | 'plainProbe'>
  readonly timeoutMs: number
  readonly hasTls: boolean
  readonly sasl: SaslSettings | undefined
}

/** What is known of an address. */
export interface CheckedAddress {
  readonly target: Target
  readonly findings: readonly Finding[]
  /** The open connection and what the broker says of its cluster; `undefined` if it did not get so far. */
  readonly reached: { readonly probe: Probe; readonly metadata: DescribedMetadata } | undefined
}

/** A certificate that expires sooner is worth a warning, ms. */
export const SOON_MS = 14 * 86_400_000
const UNSUPPORTED_MECHANISM = 33
const NO_SASL_HERE = 34
/** No broker has a mechanism of this name, so that each answers which it has. */
const NO_MECHANISM = 'NONE'

/** Checks an address; it never rejects. */
export async function checkAddress(target: Target, parts: AddressParts): Promise<CheckedAddress> {
  const check = new AddressCheck(target, parts)
  const reached = await check.run()
  return { target, findings: check.findings, reached }
}

/** Ends a check after a finding that makes the next steps impossible. */
class Stop extends Error {}

class AddressCheck {
  readonly findings: Finding[] = []
  readonly #target: Target
  readonly #place: HostPort
  readonly #parts: AddressParts

  constructor(target: Target, parts: AddressParts) {
    this.#target = target
    this.#place = splitAddress(target.address)
    this.#parts = parts
  }

  async run(): Promise<CheckedAddress['reached']> {
    try {
      await this.#tcp(await this.#dns())
      const { address } = this.#target
      const probe = await this.#parts.prober.probe(address, this.#place)
      await this.#connect(probe)
      await this.#versions(probe)
      await this.#sasl(probe)
      return { probe, metadata: await this.#metadata(probe) }
    } catch (error) {
      if (error instanceof Stop) return undefined
      throw error
    }
  }

  async #dns(): Promise<readonly string[]> {
    const { host } = this.#place
    const { network, clock, timeoutMs } = this.#parts
    if (isIP(host) !== 0) return [host]
    const of = this.#of('dns')
    const startedMs = clock.nowMs()
    const addresses = await this.#orStop(of, network.lookup(host, timeoutMs))
    const tookMs = clock.nowMs() - startedMs
    const text = `${host} is ${addresses.join(', ')} (${shownMs(tookMs)})`
    this.findings.push(
      tookMs > 1_000
        ? of.warning(text, 'find out why the name server is slow: each new connection waits for it')
        : of.ok(text),
    )
    return addresses
  }

  async #tcp(addresses: readonly string[]): Promise<void> {
    const { network, clock, timeoutMs } = this.#parts
    const of = this.#of('tcp')
    const results = await Promise.all(
      addresses.map(async (host) => {
        const startedMs = clock.nowMs()
        try {
          await network.connect({ ...this.#place, host }, timeoutMs)
          return { host, tookMs: clock.nowMs() - startedMs, error: undefined }
        } catch (error) {
          return { host, tookMs: 0, error }
        }
      }),
    )
    const [failed, open] = [
      results.filter(({ error }) => error !== undefined),
      results.filter(({ error }) => error === undefined),
    ]
    const reasons = failed.map(({ host, error }) => {
      const { text } = explain(error, this.#target)
      // The finding names the address: what it resolves to is said only where that is something else.
      return host === this.#place.host ? text : `${addressOf(host, this.#place.port)}: ${text}`
    })
    if (open.length === 0) {
      const { advice } = explain(failed[0]?.error, this.#target)
      this.#stop(of.problem(reasons.join('; '), advice))
    }
    const text = open.map(({ host, tookMs }) => `${host} connects (${shownMs(tookMs)})`).join(', ')
    this.findings.push(
      failed.length === 0
        ? of.ok(text)
        : of.warning(
            `${text}; not so ${reasons.join('; ')}`,
            'make all addresses of the name reachable, or remove those that are not from DNS; kafka.properties.broker.address.family=v4 or v6 leaves one kind out',
          ),
    )
  }

  async #connect(probe: Probe): Promise<void> {
    const of = this.#of('tls')
    try {
      await probe.connect()
    } catch (error) {
      if (!this.#parts.hasTls) this.#stop(this.#failed(this.#of('tcp'), error))
      if (await this.#isPlain()) {
        this.#stop(
          of.problem(
            'this port speaks Kafka without TLS, and kafka.security_protocol asks for TLS',
            `name a port with TLS in ${this.#origin()}, or set kafka.security_protocol to ${this.#parts.sasl ? 'sasl_plaintext' : 'plaintext'}`,
          ),
        )
      }
      const shown = await this.#parts.network.peek(this.#place, this.#parts.timeoutMs)
      const { text, advice } = explain(error, this.#target)
      const certificate =
        shown &&
        `; the port shows the certificate of ${shown.subject}, for ${shown.names}, issued by ${shown.issuer}, valid until ${shownDate(shown.validToMs)}`
      this.#stop(of.problem(`${text}${certificate ?? ''}`, advice))
    }
    const facts = probe.tls
    if (facts === undefined) return
    const { protocol, subject, issuer, validToMs } = facts
    const until = shownDate(validToMs)
    const text = `${protocol}, certificate of ${subject}, issued by ${issuer}, valid until ${until}`
    this.findings.push(
      validToMs - this.#parts.clock.epochMs() < SOON_MS
        ? of.warning(text, `renew the certificate of this broker before ${until}`)
        : of.ok(text),
    )
  }

  async #versions(probe: Probe): Promise<void> {
    const of = this.#of('kafka')
    try {
      this.findings.push(of.ok(`API versions ${await probe.servedVersions()}: what kprf needs`))
    } catch (error) {
      const { hasTls, network, timeoutMs, sasl } = this.#parts
      if (!hasTls && (await network.peek(this.#place, timeoutMs)) !== undefined) {
        this.#stop(
          of.problem(
            'this port speaks TLS, and kafka.security_protocol does not ask for it',
            `set kafka.security_protocol to ${sasl ? 'sasl_ssl' : 'ssl'}, or name a port without TLS in ${this.#origin()}`,
          ),
        )
      }
      if (hasTls && isHangUp(error)) {
        this.#stop(
          of.problem(
            'the broker closes the connection at its first request',
            'check kafka.ssl.cert_file and kafka.ssl.key_file: the broker may require a client certificate that it trusts; its log says why',
          ),
        )
      }
      this.#stop(this.#failed(of, error))
    }
  }

  async #sasl(probe: Probe): Promise<void> {
    const { sasl } = this.#parts
    if (sasl === undefined) return
    const of = this.#of('sasl')
    const mechanism = sasl.mechanism.toUpperCase()
    const offer = await this.#saslOffer(mechanism)
    if (offer?.errorCode === UNSUPPORTED_MECHANISM) {
      this.#stop(
        of.problem(
          `the broker does not offer ${mechanism}; it offers ${offer.mechanisms.join(', ')}`,
          'set kafka.sasl_mechanism to one that it offers, or add this one to sasl.enabled.mechanisms of the brokers',
        ),
      )
    }
    if (offer?.errorCode === NO_SASL_HERE) {
      this.#stop(
        of.problem(
          'this port has no SASL, and kafka.security_protocol or kafka.user ask for it',
          `name a port with SASL in ${this.#origin()}, or remove kafka.user and kafka.password and set kafka.security_protocol to ${this.#parts.hasTls ? 'ssl' : 'plaintext'}`,
        ),
      )
    }
    try {
      await probe.token()
      await probe.authenticate()
    } catch (error) {
      this.#stop(this.#failed(of, error))
    }
    const who = 'username' in sasl ? ` as user ${sasl.username}` : ''
    this.findings.push(of.ok(`${mechanism}: the broker accepts the credentials${who}`))
  }

  async #metadata(probe: Probe): Promise<DescribedMetadata> {
    const of = this.#of('kafka')
    try {
      return await probe.metadata([])
    } catch (error) {
      const offer =
        isHangUp(error) && this.#parts.sasl === undefined
          ? await this.#saslOffer(NO_MECHANISM)
          : undefined
      if (offer === undefined || offer.errorCode === NO_SASL_HERE) {
        return this.#stop(this.#failed(of, error))
      }
      return this.#stop(
        this.#of('sasl').problem(
          `the broker wants SASL and closes the connection of clients without; it offers ${offer.mechanisms.join(', ')}`,
          `set kafka.security_protocol to ${this.#parts.hasTls ? 'sasl_ssl' : 'sasl_plaintext'}, and kafka.sasl_mechanism, kafka.user and kafka.password`,
        ),
      )
    }
  }

  /** Asks on a connection of its own, because brokers close it after a mechanism that they do not have. */
  async #saslOffer(
    mechanism: string,
  ): Promise<Awaited<ReturnType<Probe['saslOffer']>> | undefined> {
    const { address } = this.#target
    const probe = await this.#parts.prober.probe(address, this.#place)
    try {
      await probe.connect()
      return await probe.saslOffer(mechanism)
    } catch {
      return undefined
    } finally {
      probe.close()
    }
  }

  async #isPlain(): Promise<boolean> {
    const probe = await this.#parts.prober.plainProbe(this.#target.address, this.#place)
    try {
      await probe.connect()
      await probe.apiVersions()
      return true
    } catch {
      return false
    } finally {
      probe.close()
    }
  }

  #of(check: 'dns' | 'tcp' | 'tls' | 'kafka' | 'sasl'): Findings {
    return new Findings(check, shownTarget(this.#target))
  }

  /** Where the address comes from. */
  #origin(): string {
    return this.#target.brokerId === undefined
      ? 'kafka.brokers'
      : 'advertised.listeners of this broker'
  }

  #failed(of: Findings, error: unknown): Finding {
    const { text, advice } = explain(error, this.#target)
    return of.problem(text, advice)
  }

  async #orStop<Result>(of: Findings, result: Promise<Result>): Promise<Result> {
    try {
      return await result
    } catch (error) {
      return this.#stop(this.#failed(of, error))
    }
  }

  #stop(finding: Finding): never {
    this.findings.push(finding)
    throw new Stop(finding.text)
  }
}
