import { gauge, quantiles, rate, type Row, sumOfRates } from '../panel.ts'

export const KAFKA: Row = {
  title: 'Kafka',
  panels: [
    {
      kind: 'lines',
      title: 'Request latency of brokers',
      description:
        'From sending a batch to the answer of the broker: the time within which 99 of 100 are answered.',
      unit: 's',
      width: 12,
      queries: quantiles('kprf_kafka_request_duration_seconds', [0.5, 0.99], { by: ['broker'] }),
      min: 0,
    },
    {
      kind: 'states',
      title: 'State of brokers',
      description:
        'Of each connection to a broker, the highest of all instances. Needs kafka.statistics_interval_ms.',
      unit: 'none',
      width: 12,
      queries: [
        { expr: `max by (broker) (${gauge('kafka_producer_broker_state')})`, legend: '{{broker}}' },
      ],
      words: [
        [0, 'not connected yet', 'blue'],
        [1, 'down', 'red'],
        [2, 'connecting', 'yellow'],
        [3, 'authenticating', 'yellow'],
        [4, 'asking for versions', 'yellow'],
        [5, 'authenticating', 'yellow'],
        [6, 'up', 'green'],
        [7, 'updating', 'green'],
      ],
      alerts: ['KprfKafkaDown', 'KprfKafkaAuthenticationFails'],
    },
    {
      kind: 'states',
      title: 'Kafka reachable',
      description: 'Whether the last attempt of each instance to reach Kafka succeeded.',
      unit: 'none',
      width: 8,
      queries: [{ expr: gauge('kprf_kafka_up'), legend: '{{instance}}' }],
      words: [
        [1, 'up', 'green'],
        [0, 'down', 'red'],
      ],
      alerts: ['KprfKafkaDown'],
    },
    {
      kind: 'lines',
      title: 'Connected brokers',
      description: 'Brokers to which each instance has an open connection.',
      unit: 'short',
      width: 8,
      queries: [{ expr: gauge('kprf_kafka_brokers_connected'), legend: '{{instance}}' }],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Age of the metadata',
      description: 'Time since a broker last answered about topics.',
      unit: 's',
      width: 8,
      queries: [{ expr: gauge('kprf_kafka_metadata_age_seconds'), legend: '{{instance}}' }],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Throttling',
      description:
        'Share of the time for which brokers asked kprf to wait, because it is over its quota in Kafka.',
      unit: 'percentunit',
      width: 8,
      queries: [{ expr: rate('kprf_kafka_throttle_seconds_total'), legend: '{{instance}}' }],
      thresholds: [
        [0, 'green'],
        [0.05, 'red'],
      ],
      min: 0,
      alerts: ['KprfKafkaThrottles'],
    },
    {
      kind: 'lines',
      title: 'Failed attempts to send',
      description:
        "Batches per second that failed, by librdkafka's name of the error. Most are sent again.",
      unit: 'cps',
      width: 8,
      queries: [{ expr: sumOfRates('kprf_produce_errors_total', 'reason'), legend: '{{reason}}' }],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Connections to brokers',
      description:
        'Per second: lost ones by reason, failed attempts to connect, and refused credentials.',
      unit: 'cps',
      width: 8,
      queries: [
        {
          expr: sumOfRates('kprf_kafka_connections_lost_total', 'reason'),
          legend: 'lost: {{reason}}',
        },
        { expr: `sum(${rate('kprf_kafka_connect_failures_total')})`, legend: 'not connected' },
        { expr: `sum(${rate('kprf_kafka_auth_failures_total')})`, legend: 'credentials refused' },
      ],
      min: 0,
      alerts: ['KprfKafkaDown', 'KprfKafkaAuthenticationFails'],
    },
    {
      kind: 'lines',
      title: 'Bytes sent to brokers',
      description: 'Per second. Needs kafka.statistics_interval_ms.',
      unit: 'Bps',
      width: 12,
      queries: [
        {
          expr: sumOfRates('kafka_producer_broker_requests_sent_bytes', 'broker'),
          legend: '{{broker}}',
        },
      ],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Requests without an answer',
      description:
        'Requests that wait for an answer of each broker, at the end of the last interval of the statistics. Needs kafka.statistics_interval_ms.',
      unit: 'short',
      width: 12,
      queries: [
        {
          expr: `sum by (broker) (${gauge('kafka_producer_broker_waitresp_count')})`,
          legend: '{{broker}}',
        },
      ],
      min: 0,
    },
  ],
}
