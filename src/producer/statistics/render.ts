import type { BrokerData, StatisticsData, TopicData } from './statistics-data.ts'
import { summarize } from './window.ts'

/** Writes statistics as librdkafka's JSON. */
export function toJson(statistics: StatisticsData): string {
  return JSON.stringify({
    ...statistics,
    brokers: mapValues(statistics.brokers, renderBroker),
    topics: mapValues(statistics.topics, renderTopic),
  })
}

function renderBroker(broker: BrokerData): object {
  return {
    ...broker,
    int_latency: summarize(broker.int_latency),
    outbuf_latency: summarize(broker.outbuf_latency),
    rtt: summarize(broker.rtt),
    throttle: summarize(broker.throttle),
  }
}

function renderTopic(topic: TopicData): object {
  return {
    ...topic,
    batchsize: summarize(topic.batchsize),
    batchcnt: summarize(topic.batchcnt),
  }
}

/** Without assignments to keys, because Kafka allows a topic named `__proto__`. */
function mapValues<Value>(
  record: Readonly<Record<string, Value>>,
  map: (value: Value) => object,
): Readonly<Record<string, object>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
