/**
 * What the producer would be without one of the rules that keep it honest on top of kafkajs. A mutant is
 * the source with a few words changed; tests that pass all the same would not notice if the rule were lost.
 */

/** One change to one file. */
export interface Edit {
  /** From the root of the project. */
  readonly file: string
  /** Occurs there exactly once. */
  readonly find: string
  readonly replace: string
}

/** One rule taken away. */
export interface Mutant {
  readonly rule: string
  /** What is lost. */
  readonly title: string
  readonly edits: readonly Edit[]
}

const DISPATCHER = 'src/producer/dispatcher.ts'
const TRANSPORT = 'src/producer/kafkajs/kafkajs-transport.ts'
const CLUSTER = 'src/producer/kafkajs/producer-cluster.ts'
const BROKER = 'src/producer/kafkajs/honest-broker.ts'

/** Every rule, and the ways to lose it. */
export const MUTANTS: readonly Mutant[] = [
  {
    rule: '1',
    title: 'kafkajs chooses the partition, at every attempt anew',
    edits: [
      {
        file: TRANSPORT,
        find: 'return message.partition ?? -1',
        replace: 'return (message.partition ?? 0) + (Math.random() < 0.2 ? 1 : 0)',
      },
    ],
  },
  {
    rule: '2',
    title: 'kafkajs retries on its own',
    edits: [
      {
        file: TRANSPORT,
        find: 'const NO_RETRIES = { retries: 0 }',
        replace: 'const NO_RETRIES = { retries: 5, initialRetryTime: 20 }',
      },
      // As kafkajs's own broker does, which is what makes it retry.
      {
        file: BROKER,
        find: 'const parse = (answer: Answer): Promise<Answer> => Promise.resolve(answer)',
        replace: 'const parse = response.parse',
      },
    ],
  },
  {
    rule: '3',
    title: 'batches of several partitions share one sendBatch',
    edits: [
      {
        file: TRANSPORT,
        find: '  async #send(carrier: Carrier, request: ProduceRequest): Promise<ProduceOutcome> {',
        replace: `  readonly #shared: { topic: string; messages: Carrier[] }[] = []
  #sharedCall: Promise<unknown[]> | undefined

  #sendShared(topic: string, carrier: Carrier, acks: number, timeout: number): Promise<any[]> {
    this.#shared.push({ topic, messages: [carrier] })
    this.#sharedCall ??= new Promise((resolve) => setTimeout(resolve, 1)).then(() => {
      this.#sharedCall = undefined
      return this.#producer.sendBatch({ acks, timeout, topicMessages: this.#shared.splice(0) })
    })
    return this.#sharedCall
  }

  async #send(carrier: Carrier, request: ProduceRequest): Promise<ProduceOutcome> {`,
      },
      {
        file: TRANSPORT,
        find: `      const results = await this.#producer.sendBatch({
        acks: requiredAcks,
        timeout: ackTimeoutMs,
        topicMessages: [{ topic, messages: [carrier] }],
      })`,
        replace:
          '      const results = await this.#sendShared(topic, carrier, requiredAcks, ackTimeoutMs)',
      },
    ],
  },
  {
    rule: '4',
    title: 'an answer that does not mention the partition is a success',
    edits: [
      {
        file: TRANSPORT,
        find: "    return { status: 'failed', errorNumber: RDKAFKA.brokerTransportFailure, wasSent: true, reason }",
        replace: `    void reason
    return { status: 'acknowledged', baseOffset: undefined, logAppendTimeMs: undefined }`,
      },
    ],
  },
  {
    rule: '4',
    title: 'a partition that metadata does not know is sent',
    edits: [
      {
        file: 'src/producer/assigner.ts',
        find: 'record.partition >= state.leaders.length',
        replace: 'record.partition >= state.leaders.length + 1_000',
      },
      {
        file: DISPATCHER,
        find: 'queue.partition < state.leaders.length',
        replace: 'queue.partition < state.leaders.length + 1_000',
      },
      {
        file: DISPATCHER,
        find: 'else if (leaders[queue.partition] === undefined)',
        replace:
          'else if (queue.partition < leaders.length && leaders[queue.partition] === undefined)',
      },
    ],
  },
  {
    rule: '5',
    title: 'a request timeout leaves the connection in use',
    edits: [
      {
        file: 'src/producer/kafkajs/carrier.ts',
        find: "this.#socket?.destroy(new SocketEnd('timeout', 'request timed out'))",
        replace: "void new SocketEnd('timeout', 'request timed out')",
      },
    ],
  },
  {
    rule: '5',
    title: 'the numbers of a batch given up in doubt are used again',
    edits: [
      {
        file: DISPATCHER,
        find: "batch.state === 'settled' && batch.isFrozen",
        replace: "batch.state === 'settled' && batch.isFrozen && false",
      },
    ],
  },
  {
    rule: '5',
    title: 'disconnecting may take as long as kafkajs likes',
    edits: [
      {
        file: TRANSPORT,
        find: 'await Promise.race([disconnected, timedOut])',
        replace: 'await disconnected; void timedOut',
      },
      {
        file: BROKER,
        find: 'for (const { socket } of this.connectionPool.pool) socket?.destroy(reason)',
        replace: 'void reason',
      },
    ],
  },
  {
    rule: '6',
    title: 'several batches of a partition are in flight at a time',
    edits: [
      {
        file: DISPATCHER,
        find: 'if (queue.inFlight || queue.isEmpty) return',
        replace: 'if (queue.isEmpty) return',
      },
      { file: DISPATCHER, find: 'if (queue.inFlight) return\n', replace: '' },
      {
        file: DISPATCHER,
        find: 'if (queue.inFlight !== batch) return\n    queue.inFlight = undefined',
        replace: 'if (queue.inFlight === batch) queue.inFlight = undefined',
      },
    ],
  },
  {
    rule: '7',
    title: 'topics come to the shared metadata unvetted',
    edits: [
      {
        file: BROKER,
        find: 'const answer = await this.#ask({ request: { ...request, encode }, response })',
        replace:
          'const answer = await response.parse(await this.#ask({ request: { ...request, encode }, response }))',
      },
    ],
  },
  {
    rule: '7',
    title: 'a partition without a leader is handed to kafkajs all the same',
    edits: [
      {
        file: DISPATCHER,
        find: `else if (leaders[queue.partition] === undefined)
      this.#dependencies.topics.refresh(queue.topic.name)
    else`,
        replace: 'else',
      },
      {
        file: CLUSTER,
        find: 'override refreshMetadata(): Promise<void> {\n    return Promise.resolve()',
        replace: 'override refreshMetadata(): Promise<void> {\n    return super.refreshMetadata()',
      },
    ],
  },
]
