/**
 * A whole encoded batch dressed up as the one "message" that kafkajs's producer gets for a partition.
 * kafkajs passes it through untouched, down to {@link HonestBroker}, which writes its bytes.
 */
import type { Socket } from 'node:net'
import type { Message } from 'kafkajs'
import type { ProduceRequest } from '../transport.ts'
import { SocketEnd } from './sockets.ts'

/** See the head of this file. */
export class Carrier implements Message {
  /** The record batch. kafkajs wants every message to have a value. */
  readonly value: Buffer
  readonly partition: number
  #socket: Socket | undefined
  #brokerId: number | undefined
  #bytesReadBefore = 0
  #isAbandoned = false

  constructor({ recordBatch, partition }: Pick<ProduceRequest, 'recordBatch' | 'partition'>) {
    this.value = recordBatch
    this.partition = partition
  }

  /** Whether the request may have reached the broker. */
  get wasSent(): boolean {
    return this.#socket !== undefined
  }

  /**
   * Notes the connection on which the request is about to be written.
   *
   * @throws Error when the request was given up before.
   */
  sendOn(socket: Socket | undefined, brokerId: number | null): void {
    if (this.#isAbandoned) throw new Error('the request was given up before it was sent')
    this.#socket = socket
    this.#brokerId = brokerId ?? undefined
    this.#bytesReadBefore = socket?.bytesRead ?? 0
  }

  /**
   * Says whether the request went to another broker than this one, from which nothing at all has been heard
   * since on its connection.
   */
  isUnheardAtOtherThan(leader: number): boolean {
    const isElsewhere = this.#brokerId !== undefined && this.#brokerId !== leader
    return isElsewhere && this.#socket?.bytesRead === this.#bytesReadBefore
  }

  /**
   * Gives the request up. If it was sent, its connection is destroyed: kafkajs would keep on using a
   * connection that no longer answers until the kernel gives up, a quarter of an hour later.
   */
  abandon(): void {
    this.#isAbandoned = true
    this.#socket?.destroy(new SocketEnd('timeout', 'request timed out'))
  }
}
