/** The checks of `kprf doctor`, in their order. Later checks use what earlier ones have found. */
import { availableParallelism } from 'node:os'
import type { ConnectionOptions } from 'node:tls'
import type { BuildInfo } from '../../base/build-info.ts'
import type { Config } from '../../config/types.ts'
import type { FoundRecord, Probe } from '../../producer/kafkajs/probe/probe.ts'
import { tlsPorts } from '../../settings/http-tls.ts'
import { type AddressParts, checkAddress, type CheckedAddress } from './address.ts'
import { checkCertificates, checkTokens, type NamedCertificates } from './certificates.ts'
import { judgeClock, TOLERANCE_MS } from './clock.ts'
import { advertisedTargets, checkCluster, judgeAdvertised } from './cluster.ts'
import { checkDisk } from './disk.ts'
import { type Finding, Findings } from './finding.ts'
import { checkFiles, checkMemory, checkVersion, ownLimits } from './machine.ts'
import { inTime, TimeoutError } from './network.ts'
import { checkPorts, type PortParts } from './ports.ts'
import type { Target } from './target.ts'
import { checkTopics, type CheckedTopic, configuredTopics } from './topics.ts'

/** What the checks work with. */
export interface DoctorParts extends AddressParts {
  readonly config: Config
  readonly build: BuildInfo
  /** Topics to check; empty: those that the configuration names. */
  readonly topics: readonly string[]
  readonly ports: PortParts
  /** The certificate with which kprf shows brokers who it is, if there is one. */
  readonly clientCertificate: ConnectionOptions['cert']
}

/** A step: what is shown while it runs, and its findings. */
export interface Step {
  readonly label: string
  readonly run: () => Promise<readonly Finding[]> | readonly Finding[]
}

/** Partitions of a topic that are asked for records that are younger than now. */
const MAX_PARTITIONS = 10
/** A step may use its timeout for each of so many things, and is given up then. */
const STEPS_WITHIN = 12

/** Makes the steps, each of which runs when it is asked for. */
export function* doctorSteps(parts: DoctorParts): Generator<Step> {
  const { config, build, clock } = parts
  const workers = config.workers === 'auto' ? availableParallelism() : config.workers
  const kafka = new KafkaChecks(parts)
  yield { label: 'versions', run: () => [checkVersion(build, process.versions.node)] }
  for (const address of config.kafka.brokers) {
    yield { label: address, run: () => kafka.bootstrapAddress(address) }
  }
  yield { label: 'the cluster', run: () => kafka.cluster() }
  for (const target of kafka.advertised()) {
    yield { label: target.address, run: () => kafka.advertisedAddress(target) }
  }
  yield { label: 'topics', run: () => kafka.topics() }
  yield { label: 'the clock', run: () => kafka.clock() }
  yield { label: 'the disk', run: () => checkDisk(config, workers, clock) }
  yield {
    label: 'limits',
    run: () => [checkFiles(config, ownLimits()), checkMemory(config, workers)],
  }
  yield { label: 'ports', run: () => checkPorts(config, parts.ports) }
  yield {
    label: 'certificates',
    run: () => [
      ...checkCertificates(certificatesOf(parts), clock.epochMs()),
      ...checkTokens(config),
    ],
  }
}

/** Runs a step, and gives it up where it does not end, as on a disk that does not answer. */
export async function runStep(
  { label, run }: Step,
  timeoutMs: number,
): Promise<readonly Finding[]> {
  try {
    return await inTime(Promise.resolve(run()), timeoutMs * STEPS_WITHIN)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const of = new Findings('doctor', label)
    const advice =
      error instanceof TimeoutError
        ? 'try again, with a longer --timeout'
        : 'see to what the error says; if it says nothing that you can change, report it as a bug of kprf'
    return [of.problem(`the check has failed: ${reason}`, advice)]
  }
}

function certificatesOf({ config, clientCertificate }: DoctorParts): readonly NamedCertificates[] {
  const keys = { http: 'http.tls', metrics: 'http.metrics_tls' } as const
  return [
    { key: 'kafka.ssl.cert_file', pem: clientCertificate },
    ...tlsPorts(config, ['http', 'metrics']).flatMap(({ port, initial: { context } }) => [
      { key: `${keys[port]}.cert_file`, pem: context.cert },
      { key: `${keys[port]}.client_ca_file`, pem: context.ca },
    ]),
  ]
}

/** Checks of addresses that are under way. */
type Checks = ReadonlyMap<string, Promise<CheckedAddress>>

/** The checks that need Kafka, and what they remember for each other. */
class KafkaChecks {
  readonly #parts: DoctorParts
  readonly #bootstrap: CheckedAddress[] = []
  readonly #advertised: CheckedAddress[] = []
  #bootstrapChecks: Checks | undefined
  #advertisedChecks: Checks | undefined
  #metadata: ReturnType<typeof checkCluster>['metadata']
  #topics: readonly CheckedTopic[] = []

  constructor(parts: DoctorParts) {
    this.#parts = parts
  }

  async bootstrapAddress(address: string): Promise<readonly Finding[]> {
    // All at the same time, so that those that do not answer are waited for only once.
    this.#bootstrapChecks ??= this.#checks(
      this.#parts.config.kafka.brokers.map((one) => ({ address: one, brokerId: undefined })),
    )
    const checked = await this.#bootstrapChecks.get(address)
    if (checked === undefined) return []
    this.#bootstrap.push(checked)
    return checked.findings
  }

  cluster(): readonly Finding[] {
    const { findings, metadata } = checkCluster(this.#bootstrap)
    this.#metadata = metadata
    return findings
  }

  advertised(): readonly Target[] {
    return this.#metadata ? advertisedTargets(this.#metadata) : []
  }

  async advertisedAddress(target: Target): Promise<readonly Finding[]> {
    const bootstrap = this.#bootstrap.map((one) => one.target)
    const known = this.#bootstrap.find((one) => one.target.address === target.address)
    this.#advertisedChecks ??= this.#checks(
      this.advertised().filter(({ address }) => !bootstrap.some((one) => one.address === address)),
    )
    const checked = known ?? (await this.#advertisedChecks.get(target.address))
    if (checked === undefined || this.#metadata === undefined) return []
    const asAdvertised = { ...checked, target }
    this.#advertised.push(asAdvertised)
    return [
      ...(known === undefined ? checked.findings : []),
      judgeAdvertised(asAdvertised, bootstrap, this.#metadata),
    ]
  }

  #checks(targets: readonly Target[]): Checks {
    return new Map(
      targets.map((target) => {
        const checked = checkAddress(target, this.#parts)
        // Its step has the error; until then it must not end the process.
        checked.catch(() => undefined)
        return [target.address, checked]
      }),
    )
  }

  async topics(): Promise<readonly Finding[]> {
    const { config, topics, sasl } = this.#parts
    const names = topics.length > 0 ? topics : configuredTopics(config)
    const [first] = this.#reached()
    if (first === undefined) {
      const text = 'not checked, because no broker could be asked'
      return [new Findings('topic').skipped(text)]
    }
    const { kafka } = config
    const checked = await checkTopics(names, first.probe, first.target, {
      requiredAcks: kafka.requestRequiredAcks,
      messageMaxBytes: kafka.messageMaxBytes,
      mayCreateTopics: kafka.properties['allow.auto.create.topics'],
      user: sasl !== undefined && 'username' in sasl ? sasl.username : undefined,
    })
    this.#topics = checked.topics
    return checked.findings
  }

  async clock(): Promise<readonly Finding[]> {
    const nowMs = this.#parts.clock.epochMs()
    const stamped = this.#topics.filter(({ isStampedByBroker }) => isStampedByBroker)
    return [
      judgeClock({
        nowMs,
        certificates: this.#reached().flatMap(({ probe }) => probe.tls ?? []),
        younger: await this.#recordsAfter(nowMs),
        stampedByBroker: new Set(stamped.map(({ name }) => name)),
      }),
    ]
  }

  /** The advertised brokers first: they are asked for their own partitions. */
  #reached(): readonly { readonly target: Target; readonly probe: Probe }[] {
    return [...this.#advertised, ...this.#bootstrap].flatMap(({ target, reached }) =>
      reached === undefined ? [] : [{ target, probe: reached.probe }],
    )
  }

  /** `undefined` if no leader of a partition could be asked. */
  async #recordsAfter(nowMs: number): Promise<readonly FoundRecord[] | undefined> {
    const found = await Promise.all(
      this.#reached().map(async ({ target: { brokerId }, probe }) => {
        const partitions = this.#topics.flatMap(({ name: topic, leaders }) =>
          (leaders.get(brokerId ?? -1) ?? [])
            .slice(0, MAX_PARTITIONS)
            .map((partition) => ({ topic, partition })),
        )
        if (partitions.length === 0) return undefined
        // What a broker does not answer here is no reason to doubt it: its records are not needed.
        return await probe.recordsAfter(nowMs + TOLERANCE_MS, partitions).catch(() => undefined)
      }),
    )
    const answers = found.filter((one) => one !== undefined)
    return answers.length === 0 ? undefined : answers.flat()
  }
}
