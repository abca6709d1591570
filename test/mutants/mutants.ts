/**
 * What the producer would be without one of the rules that keep it honest on top of kafkajs. A mutant is
 * the source with a few words changed; tests that pass all the same would not notice if the rule were lost.
 */

import { ACCESS_MUTANTS } from './access-mutants.ts'
import { FAST_MUTANTS } from './fast-mutants.ts'
import { LOG_MUTANTS } from './log-mutants.ts'
import type { Mutant } from './mutant.ts'

const DISPATCHER = 'src/producer/dispatcher.ts'
const SETTLEMENT = 'src/producer/settlement.ts'
const ANSWERS = 'src/producer/kafkajs/produce-request.ts'
const TRANSPORT = 'src/producer/kafkajs/kafkajs-transport.ts'
const PARTS = 'src/producer/kafkajs/assemble.ts'
const CLUSTER = 'src/producer/kafkajs/producer-cluster.ts'
const BROKER = 'src/producer/kafkajs/honest-broker.ts'

/** Every rule, and the ways to lose it. */
export const MUTANTS: readonly Mutant[] = [
  {
    rule: '1',
    title: 'the partition is chosen at every attempt anew',
    edits: [
      {
        file: ANSWERS,
        find: '      writer.int32(partition)\n',
        replace: '      writer.int32(partition + (Math.random() < 0.2 ? 1 : 0))\n',
      },
    ],
  },
  {
    rule: '2',
    title: 'kafkajs retries on its own',
    edits: [
      {
        file: PARTS,
        find: 'const NO_RETRIES = { retries: 0 }',
        replace: 'const NO_RETRIES = { retries: 5, initialRetryTime: 20 }',
      },
      // As kafkajs's own broker does, which is what makes it retry.
      {
        file: BROKER,
        find: '      decodeProduce(bytes, apiVersion),\n    )\n',
        replace: `      decodeProduce(bytes, apiVersion),
    )
    const { parse } = await import('kafkajs/src/protocol/requests/produce/v0/response.js')
    await parse(answer)
`,
      },
    ],
  },
  {
    rule: '3',
    title: 'one refused partition of a request fails the others',
    edits: [
      {
        file: ANSWERS,
        find: 'outcomes[index] = toOutcome(result)',
        replace:
          'outcomes[index] = toOutcome(partitions.find(({ errorCode }) => errorCode !== 0) ?? result)',
      },
    ],
  },
  {
    rule: '3',
    title: 'a request goes wherever kafkajs finds leaders of its partitions',
    edits: [
      {
        file: CLUSTER,
        find: 'this.#leaders.get(topic)?.[partition] === leader',
        replace: 'this.#leaders.get(topic)?.[partition] !== undefined || leader < 0',
      },
      {
        file: BROKER,
        find: 'if (call.leader !== this.nodeId) throw',
        replace: 'if (call.leader < 0) throw',
      },
    ],
  },
  {
    rule: '4',
    title: 'an answer that does not mention the partition is a success',
    edits: [
      {
        file: ANSWERS,
        find: `  status: 'failed',
  errorNumber: RDKAFKA.brokerTransportFailure,
  wasSent: true,
  reason: 'the answer does not mention the partition',
`,
        replace: `  status: 'acknowledged',
  baseOffset: undefined,
  logAppendTimeMs: undefined,
`,
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
        find: 'const leader = leaders[queue.partition]',
        replace:
          'const leader = leaders[queue.partition] ?? (queue.partition >= leaders.length ? leaders[0] : undefined)',
      },
    ],
  },
  {
    rule: '5',
    title: 'a request timeout leaves the connection in use',
    edits: [
      {
        file: 'src/producer/kafkajs/produce-call.ts',
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
        file: SETTLEMENT,
        find: "batch.state === 'settled' && batch.isFrozen",
        replace: "batch.state === 'settled' && batch.isFrozen && false",
      },
      {
        file: 'src/producer/recovery.ts',
        find: 'if (batch.isFrozen || this.#isMisnumbered(batch, errorNumber)) {',
        replace: 'if (this.#isMisnumbered(batch, errorNumber)) {',
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
        find: 'if (!queue.inFlight && (wasEmpty || isFull)) this.#place(queue, leaders, isFull)',
        replace: 'if (wasEmpty || isFull) this.#place(queue, leaders, isFull)',
      },
      {
        file: DISPATCHER,
        find: 'if (queue.inFlight) return',
        replace: '',
      },
    ],
  },
  {
    rule: '7',
    title: 'topics come to the shared metadata unvetted',
    edits: [
      {
        file: BROKER,
        find: 'connection.send({ request, response: { decode, parse } })',
        replace: 'connection.send({ request, response: { decode, parse: response.parse } })',
      },
    ],
  },
  {
    rule: '7',
    title: 'a partition without a leader is handed to kafkajs all the same',
    edits: [
      {
        file: DISPATCHER,
        find: 'const leader = leaders[queue.partition]',
        replace:
          'const leader = leaders[queue.partition] ?? leaders.find((other) => other !== undefined)',
      },
      {
        file: CLUSTER,
        find: 'override refreshMetadata(): Promise<void> {\n    return Promise.resolve()',
        replace: 'override refreshMetadata(): Promise<void> {\n    return super.refreshMetadata()',
      },
    ],
  },
  {
    rule: 'compression',
    title: 'a request that was given up while its batches are compressed is sent all the same',
    edits: [
      {
        file: 'src/producer/compression/late-attempt.ts',
        find: 'if (this.#isOver) return',
        replace: '',
      },
    ],
  },
  {
    rule: 'compression',
    title: 'zlib reads the bytes of a batch in its threads after they were given back',
    edits: [
      {
        file: 'src/producer/compression/zlib.ts',
        find: '    const options = { params, pledgedSrcSize: bytes.length',
        replace:
          '    if (pieces[0] && pieces.length === 1) return zstdInPool(pieces[0])\n    const options = { params, pledgedSrcSize: bytes.length',
      },
    ],
  },
  {
    rule: 'security',
    title: 'a broker that refuses the credentials is tried again at once',
    edits: [
      {
        file: 'src/producer/kafkajs/security-backoff.ts',
        find: '    this.#gate.assertOpen(broker)',
        replace: '',
      },
    ],
  },
  ...LOG_MUTANTS,
  ...ACCESS_MUTANTS,
  ...FAST_MUTANTS,
]
