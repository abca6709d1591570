import type { Socket } from 'node:net'
import type { Message } from 'kafkajs'
import type { EncodedBatch, ProduceRequest } from '../transport.ts'
import type { ProduceAnswer } from './produce-answer.ts'
import { SocketEnd } from './sockets.ts'

/** The error if the batches of a request have another leader before it is sent. */
export const LEADER_MOVED = 'the leader moved before the request was sent'

const LOST_BEFORE = 'the connection was lost before the request was sent'

/**
 * One produce request, from kafkajs's producer to its end: its batches, whether it was sent, and on which
 * connection.
 */
export class ProduceCall {
  readonly leader: number
  readonly batches: readonly EncodedBatch[]
  #socket: Socket | undefined
  #bytesReadBefore = 0
  #isAbandoned = false
  #answer: ProduceAnswer | undefined

  constructor({ leader, batches }: Pick<ProduceRequest, 'leader' | 'batches'>) {
    this.leader = leader
    this.batches = batches
  }

  /** Whether the request may have reached the broker. */
  get wasSent(): boolean {
    return this.#socket !== undefined
  }

  /** Whether it was given up. If it is not sent yet, it must not be sent any more. */
  get isAbandoned(): boolean {
    return this.#isAbandoned
  }

  /** What the broker answered; `undefined` before, and with acks 0. */
  get answer(): ProduceAnswer | undefined {
    return this.#answer
  }

  /** Bytes received on its connection since it was sent; `undefined` before. */
  get bytesHeard(): number | undefined {
    return this.#socket && this.#socket.bytesRead - this.#bytesReadBefore
  }

  /**
   * Records the connection on which the request is about to be written.
   *
   * @throws Error if it was given up before, or the connection is closed, which kafkajs learns a little later.
   */
  sendOn(socket: Socket): void {
    if (this.#isAbandoned) throw new Error('the request was given up before it was sent')
    if (socket.destroyed) throw Object.assign(new Error(LOST_BEFORE), { code: 'EPIPE' })
    this.#socket = socket
    this.#bytesReadBefore = socket.bytesRead
  }

  /** Keeps what the broker answered. */
  answered(answer: ProduceAnswer): void {
    this.#answer = answer
  }

  /**
   * Gives the request up. If it was sent, its connection is destroyed: otherwise kafkajs would use a silent
   * connection until the kernel gives up, 15 minutes later. The batches are not read after this returns.
   */
  abandon(): void {
    this.#isAbandoned = true
    this.#socket?.destroy(new SocketEnd('timeout', 'request timed out'))
  }
}

const NO_BYTES = Buffer.alloc(0)

/**
 * Carries a call as the only message of a request through kafkajs's producer, which passes it unchanged to the broker
 * object. There the batches of the call are written. With one message for each batch, the time would grow with the square
 * of their number, because kafkajs copies the list of messages for each message.
 *
 * kafkajs sees one "topic" for each broker, named by the node id, with one partition, 0, which the broker leads. It does
 * not see the topics and partitions of the batches.
 */
export class Carrier implements Message {
  readonly call: ProduceCall
  /** kafkajs requires a value. */
  readonly value = NO_BYTES

  constructor(call: ProduceCall) {
    this.call = call
  }

  /** The "topic" that kafkajs's producer sends it to. */
  get topic(): string {
    return `${this.call.leader}`
  }
}

/** The only partition of each of these topics. */
export const CARRIER_PARTITION = 0
