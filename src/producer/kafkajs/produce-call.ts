import type { Socket } from 'node:net'
import type { Message } from 'kafkajs'
import type { EncodedBatch, ProduceRequest } from '../transport.ts'
import { SocketEnd } from './sockets.ts'

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

  constructor({ leader, batches }: Pick<ProduceRequest, 'leader' | 'batches'>) {
    this.leader = leader
    this.batches = batches
  }

  /** Whether the request may have reached the broker. */
  get wasSent(): boolean {
    return this.#socket !== undefined
  }

  /** Whether it was given up. If so and it is not sent yet, it must not be sent. */
  get isAbandoned(): boolean {
    return this.#isAbandoned
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

  /**
   * Gives the request up. If it was sent, its connection is destroyed: otherwise kafkajs would use a silent
   * connection until the kernel gives up, 15 minutes later. The batches are not read after this returns.
   */
  abandon(): void {
    this.#isAbandoned = true
    this.#socket?.destroy(new SocketEnd('timeout', 'request timed out'))
  }
}

/**
 * Carries a complete encoded batch as the one "message" of a partition for kafkajs's producer. kafkajs passes it
 * unchanged to the broker, which writes the call's batches.
 */
export class Carrier implements Message {
  readonly call: ProduceCall
  readonly partition: number
  /** kafkajs requires a value. */
  readonly value: Buffer

  constructor(call: ProduceCall, { partition, pieces }: EncodedBatch) {
    this.call = call
    this.partition = partition
    this.value = pieces[0] ?? NO_BYTES
  }
}

const NO_BYTES = Buffer.alloc(0)
