/** Counts what is in the producer's queue, when statistics are put together: nobody counts it in between. */
import type { PartitionQueue, TopicQueue } from '../topic-queue.ts'
import type { PartitionLeaders } from '../partitioner.ts'
import type { BrokerQueues } from './broker-statistics.ts'
import type { PartitionData, TopicData, TopparData } from './statistics-data.ts'
import type { PartitionCounts, TopicStatistics } from './topic-statistics.ts'

/** librdkafka's number for records without a partition. */
const UNASSIGNED = -1
/** librdkafka's id for an unknown leader. */
const NO_LEADER = -1

interface Load {
  unsentRecords: number
  unansweredRecords: number
  readonly toppars: Map<string, TopparData>
}

/** The queued records and led partitions of each broker. */
export class BrokerLoads {
  readonly #loads = new Map<number, Load>()

  constructor(topics: Iterable<TopicQueue>) {
    for (const topic of topics) {
      for (const { inFlight, request } of topic.partitions) {
        if (!inFlight || !request) continue
        const load = this.#load(request.leader)
        if (request.attempt.wasSent) load.unansweredRecords += inFlight.encodedCount
        else load.unsentRecords += inFlight.encodedCount
      }
    }
  }

  /** Records the leader of a partition. */
  leads(nodeId: number, topic: string, partition: number): void {
    this.#load(nodeId).toppars.set(`${topic}-${partition}`, { topic, partition })
  }

  /** Returns the numbers of one broker. */
  of(nodeId: number | undefined): BrokerQueues {
    const load = nodeId === undefined ? undefined : this.#loads.get(nodeId)
    return {
      outbuf_msg_cnt: load?.unsentRecords ?? 0,
      waitresp_msg_cnt: load?.unansweredRecords ?? 0,
      toppars: Object.fromEntries(load?.toppars ?? []),
    }
  }

  #load(nodeId: number): Load {
    let load = this.#loads.get(nodeId)
    if (!load) {
      load = { unsentRecords: 0, unansweredRecords: 0, toppars: new Map() }
      this.#loads.set(nodeId, load)
    }
    return load
  }
}

/** Metadata of a topic. */
export interface KnownTopic {
  readonly leaders: PartitionLeaders
  /** Time since a broker last answered about it. */
  readonly ageMs: number
}

/** The inputs for the description of a topic. */
export interface TopicSources {
  readonly statistics: TopicStatistics
  /** `undefined` while no record of it waits. */
  readonly queue: TopicQueue | undefined
  readonly metadata: KnownTopic | undefined
  /** Records the leader of each partition. */
  readonly loads: BrokerLoads
  readonly nowMs: number
}

/** Describes one topic, with its partitions that had records. */
export function describeTopic(name: string, sources: TopicSources): TopicData {
  const { statistics, queue, metadata, loads, nowMs } = sources
  const queues = new Map(Array.from(queue?.partitions ?? [], (one) => [one.partition, one]))
  if (metadata) statistics.forgetFrom(metadata.leaders.length)
  for (const partition of queues.keys()) statistics.partition(partition)
  const partitions = Array.from(statistics.partitions, ([partition, counts]) => {
    const leader = metadata?.leaders[partition]
    if (leader !== undefined) loads.leads(leader, name, partition)
    return describePartition(partition, leader ?? NO_LEADER, counts, queues.get(partition))
  })
  if (queue && queue.unassigned.count > 0) partitions.push(describeUnassigned(queue))
  return {
    topic: name,
    age: Math.round(nowMs - statistics.sinceMs),
    metadata_age: Math.round(metadata?.ageMs ?? nowMs - statistics.sinceMs),
    ...statistics.takeWindows(),
    partitions: Object.fromEntries(partitions.map((one) => [one.partition, one])),
  }
}

function describePartition(
  partition: number,
  leader: number,
  { acknowledged, settledRecords }: PartitionCounts,
  queue: PartitionQueue | undefined,
): PartitionData {
  const { open, sealed } = queue?.waiting ?? NOTHING_WAITS
  const inFlight = queue?.inFlight?.count ?? 0
  return {
    partition,
    leader,
    msgq_cnt: open.records,
    msgq_bytes: open.bytes,
    xmit_msgq_cnt: sealed.records,
    xmit_msgq_bytes: sealed.bytes,
    msgs_inflight: inFlight,
    txmsgs: acknowledged.records,
    txbytes: acknowledged.bytes,
    msgs: settledRecords + open.records + sealed.records + inFlight,
  }
}

const NOTHING_WAITS = { open: { records: 0, bytes: 0 }, sealed: { records: 0, bytes: 0 } }

function describeUnassigned({ unassigned }: TopicQueue): PartitionData {
  const { count, valueBytes } = unassigned
  return {
    ...{ partition: UNASSIGNED, leader: NO_LEADER },
    ...{ msgq_cnt: count, msgq_bytes: valueBytes },
    ...{ xmit_msgq_cnt: 0, xmit_msgq_bytes: 0, msgs_inflight: 0 },
    ...{ txmsgs: 0, txbytes: 0, msgs: count },
  }
}
