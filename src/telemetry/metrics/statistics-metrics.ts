import { Counter, Gauge, type Registry } from './prom-client.ts'
import type { TopicLabels } from './topic-labels.ts'

/** The statistics that become metrics, with librdkafka's names. */
export interface StatisticsFigures {
  readonly replyq: number
  readonly msg_cnt: number
  readonly msg_size: number
  readonly tx: number
  readonly tx_bytes: number
  readonly rx: number
  readonly rx_bytes: number
  readonly txmsgs: number
  readonly txmsg_bytes: number
  readonly metadata_cache_cnt: number
  readonly brokers: Readonly<Record<string, BrokerSource>>
  readonly topics: Readonly<Record<string, TopicSource>>
}

interface BrokerSource {
  readonly state: string
  readonly stateage: number
  readonly outbuf_cnt: number
  readonly outbuf_msg_cnt: number
  readonly waitresp_cnt: number
  readonly waitresp_msg_cnt: number
  readonly tx: number
  readonly txbytes: number
  readonly txerrs: number
  readonly txretries: number
  readonly req_timeouts: number
  readonly rx: number
  readonly rxbytes: number
  readonly rxerrs: number
}

interface TopicSource {
  readonly metadata_age: number
  readonly batchsize: WindowSource
  readonly batchcnt: WindowSource
}

interface WindowSource {
  readonly sum: number
  readonly cnt: number
}

/** Options of {@link StatisticsMetrics}. */
export interface StatisticsMetricsOptions {
  readonly registry: Registry
  readonly labels: TopicLabels
  /** The latest statistics. Read at each scrape. */
  readonly read: () => StatisticsFigures
}

/** The Rust kprf's numbers; an unknown state counts as down. */
const STATE_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['INIT', 0],
  ['DOWN', 1],
  ['CONNECT', 2],
  ['AUTH', 3],
  ['APIVERSION_QUERY', 4],
  ['AUTH_HANDSHAKE', 5],
  ['UP', 6],
  ['UPDATE', 7],
])
const DOWN = 1

/** Name, help, value. */
type Declared<Source> = readonly [string, string, (source: Source) => number]
/** The last element is the aggregation over several workers. @defaultValue sum */
type DeclaredGauge<Source> = readonly [...Declared<Source>, aggregator?: 'sum' | 'max']

const COUNTERS: readonly Declared<StatisticsFigures>[] = [
  ['total_requests_count', 'Requests sent to brokers.', ({ tx }) => tx],
  ['total_bytes_sent', 'Bytes sent to brokers.', (all) => all.tx_bytes],
  ['total_responses_received', 'Answers from brokers.', ({ rx }) => rx],
  ['total_bytes_received', 'Bytes received from brokers.', (all) => all.rx_bytes],
  ['total_messages_sent', 'Records that brokers acknowledged.', ({ txmsgs }) => txmsgs],
  [
    'total_messages_bytes_sent',
    'Bytes of the batches with these records.',
    (all) => all.txmsg_bytes,
  ],
]

const GAUGES: readonly DeclaredGauge<StatisticsFigures>[] = [
  [
    'reply_queue_size',
    'Always 0: delivery reports do not wait in a queue.',
    ({ replyq }) => replyq,
  ],
  ['current_messages_in_queue', 'Records admitted and not yet reported.', (all) => all.msg_cnt],
  [
    'current_messages_in_queue_bytes',
    'Bytes of the values of these records.',
    (all) => all.msg_size,
  ],
  [
    'metadata_cache_topics_count',
    'Topics in the metadata cache; with several workers, the largest number.',
    (all) => all.metadata_cache_cnt,
    'max',
  ],
]

const BROKER_COUNTERS: readonly Declared<BrokerSource>[] = [
  ['broker_requests_sent', 'Requests sent to the broker.', ({ tx }) => tx],
  ['broker_requests_sent_bytes', 'Bytes sent to the broker.', ({ txbytes }) => txbytes],
  [
    'broker_transmission_errors',
    'Requests sent to the broker and not answered.',
    ({ txerrs }) => txerrs,
  ],
  [
    'broker_request_retries',
    'Produce requests that sent batches again.',
    ({ txretries }) => txretries,
  ],
  ['broker_responses_count', 'Answers from the broker.', ({ rx }) => rx],
  ['broker_bytes_received', 'Bytes received from the broker.', ({ rxbytes }) => rxbytes],
  [
    'broker_errors_count',
    'Connections that the broker closed, or that kprf closed because an answer was malformed.',
    ({ rxerrs }) => rxerrs,
  ],
  ['request_timeouts', 'Requests to the broker that timed out.', (broker) => broker.req_timeouts],
]

const BROKER_GAUGES: readonly DeclaredGauge<BrokerSource>[] = [
  [
    'broker_state',
    'INIT 0, DOWN 1, CONNECT 2, AUTH 3, APIVERSION_QUERY 4, AUTH_HANDSHAKE 5, UP 6; with several workers, the highest.',
    ({ state }) => STATE_NUMBERS.get(state) ?? DOWN,
    'max',
  ],
  [
    'broker_state_age',
    'Microseconds since the state changed; with several workers, the longest.',
    ({ stateage }) => stateage,
    'max',
  ],
  [
    'broker_outbuf_count',
    'Requests that wait to be sent to the broker.',
    (broker) => broker.outbuf_cnt,
  ],
  [
    'broker_outbuf_msg_count',
    'Records in requests that wait to be sent to the broker, connecting included.',
    (broker) => broker.outbuf_msg_cnt,
  ],
  [
    'broker_waitresp_count',
    'Requests that wait for an answer from the broker.',
    (broker) => broker.waitresp_cnt,
  ],
  [
    'broker_waitresp_msg_count',
    'Records in requests that wait for an answer from the broker.',
    (broker) => broker.waitresp_msg_cnt,
  ],
]

/** For a label of several topics: the oldest metadata, and the average over all their batches. */
const TOPIC_GAUGES: readonly DeclaredGauge<readonly TopicSource[]>[] = [
  [
    'topic_metadata_age',
    'Milliseconds since a broker last answered about the topic; with several workers, the longest.',
    (topics) => Math.max(...topics.map((topic) => topic.metadata_age)),
    'max',
  ],
  [
    'topic_batchsize_avg',
    'Average bytes of the batches sent in the last interval, 0 when there were none; with several workers, the largest.',
    (topics) => averageOf(topics.map(({ batchsize }) => batchsize)),
    'max',
  ],
  [
    'topic_batchcount_avg',
    'Average records of the batches sent in the last interval, 0 when there were none; with several workers, the largest.',
    (topics) => averageOf(topics.map(({ batchcnt }) => batchcnt)),
    'max',
  ],
]

/**
 * The metrics of the Rust kprf that come from the producer's statistics, with its names and labels. The Rust kprf
 * adds librdkafka's absolute counts again at each interval; here each counter is the real count. They exist while
 * `kafka.statistics_interval_ms` is set.
 */
export class StatisticsMetrics {
  readonly #registry: Registry

  constructor({ registry, labels, read }: StatisticsMetricsOptions) {
    this.#registry = registry
    const brokers = (): Labelled<BrokerSource>[] =>
      Object.entries(read().brokers).map(([broker, source]) => [{ broker }, source])
    const topics = (): Labelled<readonly TopicSource[]>[] => {
      const entries = Object.entries(read().topics)
      const byLabel = Map.groupBy(entries, ([topic]) => labels.labelOf(topic))
      return Array.from(byLabel, ([topic, group]) => [{ topic }, group.map(([, source]) => source)])
    }
    const whole = (): Labelled<StatisticsFigures>[] => [[{}, read()]]
    for (const declared of GAUGES) this.#gauge(declared, [], whole)
    for (const declared of COUNTERS) this.#counter(declared, [], whole)
    for (const declared of BROKER_GAUGES) this.#gauge(declared, ['broker'], brokers)
    for (const declared of BROKER_COUNTERS) this.#counter(declared, ['broker'], brokers)
    for (const declared of TOPIC_GAUGES) this.#gauge(declared, ['topic'], topics)
  }

  #counter<Source>(
    [name, help, value]: Declared<Source>,
    labelNames: string[],
    sources: () => Labelled<Source>[],
  ): void {
    const counter = new Counter({
      ...{ name: `kafka_producer_${name}`, help, labelNames, registers: [this.#registry] },
      collect: () => {
        counter.reset()
        for (const [labels, source] of sources()) counter.inc(labels, value(source))
      },
    })
  }

  #gauge<Source>(
    [name, help, value, aggregator = 'sum']: DeclaredGauge<Source>,
    labelNames: string[],
    sources: () => Labelled<Source>[],
  ): void {
    const gauge = new Gauge({
      ...{ name: `kafka_producer_${name}`, help, labelNames, registers: [this.#registry] },
      aggregator,
      collect: () => {
        gauge.reset()
        for (const [labels, source] of sources()) gauge.set(labels, value(source))
      },
    })
  }
}

type Labelled<Source> = readonly [labels: Record<string, string>, source: Source]

function averageOf(windows: readonly WindowSource[]): number {
  const count = windows.reduce((total, { cnt }) => total + cnt, 0)
  return count === 0 ? 0 : windows.reduce((total, { sum }) => total + sum, 0) / count
}
