import type { Socket } from 'node:net'
import type { Message } from 'kafkajs'
import type { EncodedBatch, ProduceRequest } from '../transport.ts'
import { SocketEnd } from './sockets.ts'

/**
 * One produce request from the hand-over to kafkajs to its end: what it carries, whether it was sent, and on
 * which connection.
 */
export class ProduceCall {
  readonly leader: number
  readonly batches: readonly EncodedBatch[]
  #socket: Socket | undefined
  #bytesReadBefore = 0
  #isAbandoned = false

  constructor({ leader, batches }: Pick<ProduceRequest, 'leader' | 'batches'>) {
    this.leader = leader
    this.batches = batches
  }

  /** Whether the request may have reached the broker. */
  get wasSent(): boolean {
    return this.#socket !== undefined
  }

  /** Whether it was given up, and must not be sent if it was not yet. */
  get isAbandoned(): boolean {
    return this.#isAbandoned
  }

  /** Bytes that were heard on its connection since it was sent; `undefined` while it was not. */
  get bytesHeard(): number | undefined {
    return this.#socket && this.#socket.bytesRead - this.#bytesReadBefore
  }

  /**
   * Notes the connection on which the request is about to be written.
   *
   * @throws Error when it was given up before, or the connection is gone, which kafkajs learns a little later.
   */
  sendOn(socket: Socket): void {
    if (this.#isAbandoned) throw new Error('the request was given up before it was sent')
    if (socket.destroyed) throw new Error('the connection was lost before the request was sent')
    this.#socket = socket
    this.#bytesReadBefore = socket.bytesRead
  }

  /**
   * Gives the request up. If it was sent, its connection is destroyed: kafkajs would keep on using a
   * connection that no longer answers until the kernel gives up, a quarter of an hour later. Nothing reads
   * the batches any more once this returns.
   */
  abandon(): void {
    this.#isAbandoned = true
    this.#socket?.destroy(new SocketEnd('timeout', 'request timed out'))
  }
}

/**
 * A whole encoded batch dressed up as the one "message" that kafkajs's producer gets for a partition.
 * kafkajs passes it through untouched, down to the broker that writes the call's batches.
 */
export class Carrier implements Message {
  readonly call: ProduceCall
  readonly partition: number
  /** kafkajs wants every message to have a value. */
  readonly value: Buffer

  constructor(call: ProduceCall, { partition, pieces }: EncodedBatch) {
    this.call = call
    this.partition = partition
    this.value = pieces[0] ?? NO_BYTES
  }
}

const NO_BYTES = Buffer.alloc(0)
