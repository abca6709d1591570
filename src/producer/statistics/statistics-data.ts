/**
 * Statistics as data, with the field names of librdkafka's STATISTICS.md; docs/STATISTICS.md gives their meaning in
 * kprf, and the omitted fields. Windows keep their bins, so that those of several processes can be added;
 * `render.ts` converts them to librdkafka's.
 */
import type { WindowData } from './window.ts'

/** librdkafka's states of a broker that occur in kprf. */
export type BrokerState =
  'INIT' | 'DOWN' | 'CONNECT' | 'APIVERSION_QUERY' | 'AUTH_HANDSHAKE' | 'AUTH' | 'UP'

/** All statistics. */
export interface StatisticsData extends Totals {
  readonly name: string
  readonly client_id: string
  readonly type: 'producer'
  /** Monotonic clock, microseconds. */
  readonly ts: number
  /** Seconds since the Unix epoch. */
  readonly time: number
  /** Microseconds since the start. */
  readonly age: number
  readonly replyq: number
  readonly msg_cnt: number
  readonly msg_size: number
  readonly msg_max: number
  readonly msg_size_max: number
  readonly metadata_cache_cnt: number
  readonly brokers: Readonly<Record<string, BrokerData>>
  readonly topics: Readonly<Record<string, TopicData>>
  /** Only with an idempotent producer. */
  readonly eos?: EosData | undefined
}

/** The counts over all brokers and topics, including forgotten ones. */
export interface Totals {
  readonly tx: number
  readonly tx_bytes: number
  readonly rx: number
  readonly rx_bytes: number
  readonly txmsgs: number
  readonly txmsg_bytes: number
}

/** One broker. */
export interface BrokerData {
  readonly name: string
  readonly nodeid: number
  readonly nodename: string
  readonly source: 'configured' | 'learned'
  readonly state: BrokerState
  readonly stateage: number
  readonly outbuf_cnt: number
  readonly outbuf_msg_cnt: number
  readonly waitresp_cnt: number
  readonly waitresp_msg_cnt: number
  readonly tx: number
  readonly txbytes: number
  readonly txerrs: number
  readonly txretries: number
  readonly txidle: number
  readonly req_timeouts: number
  readonly rx: number
  readonly rxbytes: number
  readonly rxerrs: number
  readonly rxcorriderrs: number
  readonly rxidle: number
  readonly req: Readonly<Record<string, number>>
  readonly connects: number
  readonly disconnects: number
  readonly int_latency: WindowData
  readonly outbuf_latency: WindowData
  readonly rtt: WindowData
  readonly throttle: WindowData
  readonly toppars: Readonly<Record<string, TopparData>>
}

/** A partition that a broker leads. */
export interface TopparData {
  readonly topic: string
  readonly partition: number
}

/** One topic. */
export interface TopicData {
  readonly topic: string
  readonly age: number
  readonly metadata_age: number
  readonly batchsize: WindowData
  readonly batchcnt: WindowData
  readonly partitions: Readonly<Record<string, PartitionData>>
}

/** One partition; number -1 holds the records that wait for metadata. */
export interface PartitionData {
  readonly partition: number
  readonly leader: number
  readonly msgq_cnt: number
  readonly msgq_bytes: number
  readonly xmit_msgq_cnt: number
  readonly xmit_msgq_bytes: number
  readonly msgs_inflight: number
  readonly txmsgs: number
  readonly txbytes: number
  readonly msgs: number
}

/** The identity of an idempotent producer. */
export interface EosData {
  readonly idemp_state: 'Init' | 'RequestPID' | 'Assigned'
  readonly idemp_stateage: number
  readonly producer_id: number
  readonly producer_epoch: number
  readonly epoch_cnt: number
}
