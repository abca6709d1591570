import type { Clock } from '../base/clock.ts'
import { Accumulator } from './accumulator.ts'
import { Admission } from './admission.ts'
import { Assigner } from './assigner.ts'
import { ChunkPool, DEFAULT_KEPT_BYTES } from './chunk-pool.ts'
import { DeliveryTimeouts } from './delivery-timeouts.ts'
import { Delivery } from './delivery.ts'
import { Dispatcher } from './dispatcher.ts'
import type { EventSink } from './events.ts'
import { Idempotence } from './idempotence.ts'
import type { Random } from './partitioner.ts'
import { QueueBudget } from './queue-budget.ts'
import { fixedRoom, type QueueRoom } from './queue-room.ts'
import { Sender } from './sender.ts'
import type { ProducerSettings } from './settings.ts'
import { Settlement } from './settlement.ts'
import { TopicMetadata } from './topic-metadata.ts'
import { TopicQueue } from './topic-queue.ts'
import type { Transport } from './transport.ts'

/** Dependencies of a producer. */
export interface ProducerDependencies {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly events: EventSink
  /** The memory of batches. @defaultValue a new pool */
  readonly pool?: ChunkPool
  /** The limits of the queue. @defaultValue the limits of the settings */
  readonly room?: QueueRoom
}

/** The parts of a producer. */
export interface ProducerParts {
  readonly budget: QueueBudget
  readonly accumulator: Accumulator
  readonly topics: TopicMetadata
  /** `undefined` without `enable.idempotence`. */
  readonly idempotence: Idempotence | undefined
  readonly sender: Sender
  readonly dispatcher: Dispatcher
  readonly assigner: Assigner
  readonly timeouts: DeliveryTimeouts
  readonly admission: Admission
}

/**
 * Creates the parts of a producer, last part of a record's way first: each part gets those that it passes records
 * to. The opposite direction (an answer, a deadline, free room) uses functions.
 *
 * @param onEmpty - called when no record is left.
 */
export function assemble(
  settings: ProducerSettings,
  dependencies: ProducerDependencies,
  onEmpty: () => void,
): ProducerParts {
  const { transport, clock, random, events } = dependencies
  const { pool = new ChunkPool(keptBytesOf(settings)), room = roomOf(settings) } = dependencies
  const budget = new QueueBudget(room, clock, { pool, maxBytes: settings.queueMemoryMaxBytes })
  const accumulator = new Accumulator({ settings, random, pool })
  const idempotence = settings.enableIdempotence
    ? new Idempotence(settings, {
        ...{ clock, random },
        initProducerId: () => transport.initProducerId(),
        onAnswer: () => {
          dispatcher.pumpAll()
        },
        onRenewal: () => {
          events.emit({ kind: 'identityRenewed' })
        },
      })
    : undefined
  const topics = new TopicMetadata(settings, {
    clock,
    fetch: (names, mayCreate) => transport.fetchMetadata(names, { mayCreate }),
    isWanted: (topic) => accumulator.find(topic) !== undefined,
    onAnswer: (topic, state) => {
      if (state.status === 'known') events.emit({ kind: 'topicConfirmed', topic })
      assigner.topicAnswered(topic, state)
    },
    onCreation: () => {
      events.emit({ kind: 'topicCreationAsked' })
    },
    onForgotten: (topic) => {
      idempotence?.forget(topic)
      events.emit({ kind: 'topicForgotten', topic })
    },
  })
  const delivery = new Delivery(budget, events, (topic) => {
    accumulator.forgetIfIdle(topic)
    topics.release(topic.name)
    if (budget.records === 0) onEmpty()
  })
  const shared = { clock, random, transport, events, accumulator, topics, delivery, idempotence }
  const settlement = new Settlement(settings, shared)
  const sender = new Sender(settings, {
    ...{ clock, transport, idempotence, settlement, events },
    onFree: (queue) => {
      dispatcher.pump(queue)
    },
  })
  const dispatcher = new Dispatcher({
    ...{ accumulator, topics, sender, settlement },
    reassign: (queue, leaders) => {
      assigner.reassign(queue, leaders)
    },
  })
  const timeouts = new DeliveryTimeouts({
    clock,
    sweep: (nowMs) => {
      accumulator.visitExpired(nowMs, (place) => {
        if (place instanceof TopicQueue) assigner.expire(place, nowMs)
        else dispatcher.expire(place, nowMs)
      })
      return accumulator.firstDeadlineMs
    },
  })
  const assigner = new Assigner(settings, { ...shared, dispatcher, timeouts })
  const { messageMaxBytes } = settings
  const admission = new Admission({ messageMaxBytes, clock, events, budget, assigner })
  return {
    ...{ budget, accumulator, topics, idempotence, sender },
    ...{ dispatcher, assigner, timeouts, admission },
  }
}

function roomOf(settings: ProducerSettings): QueueRoom {
  return fixedRoom(settings.queueBufferingMaxMessages, settings.queueBufferingMaxKbytes * 1024)
}

/** Unused chunks are memory as well, so only a small part of the limit is kept. */
function keptBytesOf({ queueMemoryMaxBytes }: ProducerSettings): number {
  return Math.min(DEFAULT_KEPT_BYTES, queueMemoryMaxBytes / 8)
}
