/**
 * Merges the statistics of several processes. Counts and sizes are added, limits are the largest (all processes
 * share them), windows are added bin by bin; docs/STATISTICS.md has the other rules.
 */
import type {
  BrokerData,
  BrokerState,
  EosData,
  PartitionData,
  StatisticsData,
  TopicData,
  Totals,
} from './statistics-data.ts'
import { mergeWindows } from './window.ts'

/** From the worst to the best. */
const STATES: readonly BrokerState[] = [
  'INIT',
  'DOWN',
  'CONNECT',
  'APIVERSION_QUERY',
  'AUTH_HANDSHAKE',
  'AUTH',
  'UP',
]

/** The totals before anything is counted. */
export const NO_TOTALS: Totals = {
  ...{ tx: 0, tx_bytes: 0, rx: 0, rx_bytes: 0, txmsgs: 0, txmsg_bytes: 0 },
}

/** Adds totals up. */
export function mergeTotals(parts: readonly Totals[]): Totals {
  return {
    tx: sum(parts, ({ tx }) => tx),
    tx_bytes: sum(parts, ({ tx_bytes: bytes }) => bytes),
    rx: sum(parts, ({ rx }) => rx),
    rx_bytes: sum(parts, ({ rx_bytes: bytes }) => bytes),
    txmsgs: sum(parts, ({ txmsgs }) => txmsgs),
    txmsg_bytes: sum(parts, ({ txmsg_bytes: bytes }) => bytes),
  }
}

/**
 * Merges the statistics of all running processes.
 *
 * @param past - the counts of ended processes.
 * @returns `undefined` if there are none.
 */
export function mergeStatistics(
  parts: readonly StatisticsData[],
  past: Totals,
): StatisticsData | undefined {
  const [first] = parts
  if (!first) return undefined
  const eos = parts.flatMap((part) => part.eos ?? [])
  return {
    name: `${first.client_id}#producers`,
    client_id: first.client_id,
    type: 'producer',
    ts: max(parts, ({ ts }) => ts),
    time: max(parts, ({ time }) => time),
    age: max(parts, ({ age }) => age),
    replyq: sum(parts, ({ replyq }) => replyq),
    msg_cnt: sum(parts, (part) => part.msg_cnt),
    msg_size: sum(parts, (part) => part.msg_size),
    msg_max: max(parts, (part) => part.msg_max),
    msg_size_max: max(parts, (part) => part.msg_size_max),
    ...mergeTotals([past, ...parts]),
    metadata_cache_cnt: max(parts, (part) => part.metadata_cache_cnt),
    brokers: mergeRecords(
      parts.map(({ brokers }) => brokers),
      mergeBrokers,
    ),
    topics: mergeRecords(
      parts.map(({ topics }) => topics),
      mergeTopics,
    ),
    eos: mergeEos(eos),
  }
}

function mergeBrokers(first: BrokerData, parts: readonly BrokerData[]): BrokerData {
  const ranks = parts.map(({ state }) => STATES.indexOf(state))
  const state = STATES[Math.max(...ranks)] ?? first.state
  return {
    name: first.name,
    nodeid: first.nodeid,
    nodename: first.nodename,
    source: first.source,
    state,
    stateage: max(
      parts.filter((part) => part.state === state),
      ({ stateage }) => stateage,
    ),
    outbuf_cnt: sum(parts, (part) => part.outbuf_cnt),
    outbuf_msg_cnt: sum(parts, (part) => part.outbuf_msg_cnt),
    waitresp_cnt: sum(parts, (part) => part.waitresp_cnt),
    waitresp_msg_cnt: sum(parts, (part) => part.waitresp_msg_cnt),
    tx: sum(parts, ({ tx }) => tx),
    txbytes: sum(parts, ({ txbytes }) => txbytes),
    txerrs: sum(parts, ({ txerrs }) => txerrs),
    txretries: sum(parts, ({ txretries }) => txretries),
    txidle: shortest(parts.map(({ txidle }) => txidle)),
    req_timeouts: sum(parts, (part) => part.req_timeouts),
    rx: sum(parts, ({ rx }) => rx),
    rxbytes: sum(parts, ({ rxbytes }) => rxbytes),
    rxerrs: sum(parts, ({ rxerrs }) => rxerrs),
    rxcorriderrs: sum(parts, ({ rxcorriderrs }) => rxcorriderrs),
    rxidle: shortest(parts.map(({ rxidle }) => rxidle)),
    req: mergeRecords(
      parts.map(({ req }) => req),
      (_, counts) => sum(counts, (count) => count),
    ),
    connects: sum(parts, ({ connects }) => connects),
    disconnects: sum(parts, ({ disconnects }) => disconnects),
    int_latency: mergeWindows(parts.map((part) => part.int_latency)),
    outbuf_latency: mergeWindows(parts.map((part) => part.outbuf_latency)),
    rtt: mergeWindows(parts.map(({ rtt }) => rtt)),
    throttle: mergeWindows(parts.map(({ throttle }) => throttle)),
    toppars: mergeRecords(
      parts.map(({ toppars }) => toppars),
      (toppar) => toppar,
    ),
  }
}

function mergeTopics(first: TopicData, parts: readonly TopicData[]): TopicData {
  return {
    topic: first.topic,
    age: max(parts, ({ age }) => age),
    metadata_age: max(parts, (part) => part.metadata_age),
    batchsize: mergeWindows(parts.map(({ batchsize }) => batchsize)),
    batchcnt: mergeWindows(parts.map(({ batchcnt }) => batchcnt)),
    partitions: mergeRecords(
      parts.map(({ partitions }) => partitions),
      mergePartitions,
    ),
  }
}

function mergePartitions(first: PartitionData, parts: readonly PartitionData[]): PartitionData {
  return {
    partition: first.partition,
    leader: parts.find(({ leader }) => leader >= 0)?.leader ?? first.leader,
    msgq_cnt: sum(parts, (part) => part.msgq_cnt),
    msgq_bytes: sum(parts, (part) => part.msgq_bytes),
    xmit_msgq_cnt: sum(parts, (part) => part.xmit_msgq_cnt),
    xmit_msgq_bytes: sum(parts, (part) => part.xmit_msgq_bytes),
    msgs_inflight: sum(parts, (part) => part.msgs_inflight),
    txmsgs: sum(parts, ({ txmsgs }) => txmsgs),
    txbytes: sum(parts, ({ txbytes }) => txbytes),
    msgs: sum(parts, ({ msgs }) => msgs),
  }
}

/** Each process has its own identity: the result is the first that lacks one, otherwise the first. */
function mergeEos(parts: readonly EosData[]): EosData | undefined {
  const shown = parts.find((part) => part.idemp_state !== 'Assigned') ?? parts[0]
  return shown && { ...shown, epoch_cnt: sum(parts, (part) => part.epoch_cnt) }
}

/** Merges values of the same key. Without assignments to keys, because Kafka allows a topic named `__proto__`. */
function mergeRecords<Value>(
  records: readonly Readonly<Record<string, Value>>[],
  merge: (first: Value, all: readonly Value[]) => Value,
): Readonly<Record<string, Value>> {
  const byKey = new Map<string, Value[]>()
  for (const [key, value] of records.flatMap((record) => Object.entries(record))) {
    const values = byKey.get(key)
    if (values) values.push(value)
    else byKey.set(key, [value])
  }
  return Object.fromEntries(
    Array.from(byKey).flatMap(([key, values]) => {
      const [first] = values
      return first === undefined ? [] : [[key, merge(first, values)]]
    }),
  )
}

function sum<Part>(parts: readonly Part[], read: (part: Part) => number): number {
  return parts.reduce((total, part) => total + read(part), 0)
}

function max<Part>(parts: readonly Part[], read: (part: Part) => number): number {
  return Math.max(...parts.map(read))
}

/** librdkafka's -1 stands for never. */
function shortest(idleTimes: readonly number[]): number {
  const known = idleTimes.filter((idle) => idle >= 0)
  return known.length === 0 ? -1 : Math.min(...known)
}
