import {
  ALL_TOPICS,
  type ClusterAnswer,
  type WantedTopics,
} from '../../src/base/cluster-description.ts'
import type {
  Availability,
  MetadataOptions,
  MetadataSnapshot,
  ProducerIdentity,
  ProduceAttempt,
  ProduceOutcome,
  ProduceRequest,
  TopicSnapshot,
  Transport,
  TransportListener,
} from '../../src/producer/transport.ts'
import { TransportError } from '../../src/producer/transport.ts'
import {
  decodeBatch,
  decodeClaim,
  whole,
  type DecodedClaim,
  type DecodedRecord,
} from './decode-batch.ts'

/** One batch of a produce request: most requests in tests have only one. */
export interface SentBatch extends Omit<ProduceRequest, 'batches'> {
  readonly topic: string
  readonly partition: number
  readonly recordBatch: Buffer
}

/** A batch that waits for the test to answer it. */
export interface HeldRequest {
  readonly request: SentBatch
  readonly records: readonly DecodedRecord[]
  readonly answer: (outcome: ProduceOutcome) => void
}

/** The answer to one batch: immediate, or given by the test. */
export type Script = ProduceOutcome | 'hold'

const ABANDONED: ProduceOutcome = {
  ...{ status: 'failed', errorNumber: -166, wasSent: false, reason: 'given up' },
}

/** A transport without a network: it stores acknowledged batches and fails as scripted. */
export class FakeTransport implements Transport {
  availability: Availability = 'up'
  metadataAgeMs: number | undefined
  isClosed = false
  /** Number of identities given so far, which is also the last producer id. */
  identities = 0
  /** Kafka's error in place of an identity. */
  identityError = 0
  /** Answers of the next batches, in order. */
  readonly script: Script[] = []
  /** Makes the answers after the end of the script; `undefined` acknowledges. */
  otherwise: ((request: SentBatch) => Script | undefined) | undefined
  readonly held: HeldRequest[] = []
  /** Requests, of one batch or several. */
  readonly calls: ProduceRequest[] = []
  /** The batches of all requests. */
  readonly requests: SentBatch[] = []
  /** Whether requests in flight count as sent. */
  isSent = true
  /** The producer id, epoch and sequence of each batch. */
  readonly claims: DecodedClaim[] = []
  readonly metadataRequests: (readonly string[])[] = []
  /** The metadata requests that allowed topic creation. */
  readonly creationRequests: (readonly string[])[] = []
  /** Whether it creates the topics that it is allowed to create, with one partition. */
  createsTopics = false
  readonly topics = new Map<string, TopicSnapshot>()
  #listener: TransportListener | undefined
  readonly #stored = new Map<string, DecodedRecord[]>()
  readonly #inFlight = new Map<string, number>()
  /** The highest number of batches of one partition in flight together. */
  maxInFlightPerPartition = 0

  constructor(topics: Readonly<Record<string, number>> = {}) {
    for (const [name, partitions] of Object.entries(topics)) this.setTopic(name, partitions)
  }

  /** Creates a topic; broker 1 leads every partition. */
  setTopic(name: string, partitions: number): void {
    const leaders = new Array<number>(partitions).fill(1)
    this.topics.set(name, { name, errorNumber: 0, leaders })
  }

  /** Sets Kafka's error for a topic. */
  failTopic(name: string, errorNumber: number): void {
    this.topics.set(name, { name, errorNumber, leaders: [] })
  }

  start(listener: TransportListener): void {
    this.#listener = listener
  }

  /** Reports that a leader has been silent. */
  stall(topic: string): void {
    this.#listener?.onStalled(topic)
  }

  /** Makes Kafka reachable again, and reports it. */
  comeBack(): void {
    this.availability = 'up'
    this.#listener?.onAvailable()
  }

  fetchMetadata(
    topics: readonly string[],
    { mayCreate = false }: MetadataOptions = {},
  ): Promise<MetadataSnapshot> {
    this.metadataRequests.push(topics)
    if (mayCreate) this.creationRequests.push(topics)
    if (this.availability !== 'up') return Promise.reject(new TransportError(-195, 'no broker'))
    if (mayCreate && this.createsTopics) {
      for (const topic of topics) if (!this.topics.has(topic)) this.setTopic(topic, 1)
    }
    return Promise.resolve({
      brokers: [{ nodeId: 1, host: 'fake', port: 9092 }],
      topics: topics.map((name) => this.topics.get(name) ?? { name, errorNumber: 3, leaders: [] }),
    })
  }

  /** Knows all of its topics, of one broker. */
  describe(topics: WantedTopics): Promise<ClusterAnswer> {
    if (this.availability !== 'up') return Promise.reject(new TransportError(-195, 'no broker'))
    const known = [...this.topics.values()].filter(({ errorNumber }) => errorNumber === 0)
    return Promise.resolve({
      cluster: { clusterId: 'fake', controllerId: 1, brokerIds: [1] },
      topics: known
        .filter(({ name }) => topics === ALL_TOPICS || topics.includes(name))
        .map(({ name, leaders }) => ({
          name,
          partitions: leaders.map((leader, partition) => ({
            ...{ partition, leader, replicas: [1], inSync: [1] },
          })),
        })),
    })
  }

  initProducerId(): Promise<ProducerIdentity> {
    if (this.availability !== 'up') return Promise.reject(new TransportError(-195, 'no broker'))
    if (this.identityError !== 0) {
      return Promise.reject(new TransportError(this.identityError, 'no identity'))
    }
    this.identities += 1
    return Promise.resolve({ producerId: BigInt(this.identities), epoch: 0 })
  }

  produce(request: ProduceRequest): ProduceAttempt {
    this.calls.push(request)
    const { batches, ...rest } = request
    const answers = batches.map(({ topic, partition, pieces }) =>
      this.#produce({ ...rest, topic, partition, recordBatch: whole(pieces) }),
    )
    const { promise: abandoned, resolve } = Promise.withResolvers<readonly ProduceOutcome[]>()
    return {
      outcomes: Promise.race([Promise.all(answers), abandoned]),
      wasSent: this.isSent,
      abandon: () => {
        resolve(batches.map(() => ABANDONED))
      },
    }
  }

  async #produce(request: SentBatch): Promise<ProduceOutcome> {
    this.requests.push(request)
    this.claims.push(decodeClaim(request.recordBatch))
    const key = `${request.topic}/${request.partition}`
    const inFlight = (this.#inFlight.get(key) ?? 0) + 1
    this.#inFlight.set(key, inFlight)
    this.maxInFlightPerPartition = Math.max(this.maxInFlightPerPartition, inFlight)
    const records = decodeBatch(request.recordBatch)
    const outcome = await this.#answer(request, records)
    this.#inFlight.set(key, (this.#inFlight.get(key) ?? 1) - 1)
    return outcome
  }

  close(): Promise<void> {
    this.isClosed = true
    return Promise.resolve()
  }

  /** Acknowledges the request that has waited longest. */
  acknowledgeHeld(): void {
    const held = this.held.shift()
    held?.answer(this.store(held.request))
  }

  /** Appends a batch to its partition and makes the acknowledgement, as a broker would. */
  store(request: SentBatch): ProduceOutcome {
    const log = this.stored(request.topic, request.partition)
    const baseOffset = BigInt(log.length)
    log.push(...decodeBatch(request.recordBatch))
    return { status: 'acknowledged', baseOffset, logAppendTimeMs: undefined }
  }

  /** The records of a partition. */
  stored(topic: string, partition: number): DecodedRecord[] {
    const key = `${topic}/${partition}`
    const log = this.#stored.get(key) ?? []
    this.#stored.set(key, log)
    return log
  }

  /** The values of a partition, as text. */
  values(topic: string, partition: number): (string | undefined)[] {
    return this.stored(topic, partition).map(({ value }) => value?.toString())
  }

  #answer(
    request: SentBatch,
    records: readonly DecodedRecord[],
  ): ProduceOutcome | Promise<ProduceOutcome> {
    const script = this.script.shift() ?? this.otherwise?.(request)
    if (script === undefined) return this.store(request)
    if (script !== 'hold') return script
    return new Promise((answer) => {
      this.held.push({ request, records, answer })
    })
  }
}
