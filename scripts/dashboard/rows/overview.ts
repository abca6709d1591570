import { HTTP_MAPPINGS } from '../../../src/http/error-mapper.ts'
import { CHOSEN, gauge, quantiles, rate, type Row, sumOfRates } from '../panel.ts'

/** Error codes that a client cannot correct, as they are the label `reason`. */
const SERVICE_ERRORS = Object.entries(HTTP_MAPPINGS)
  .filter(([, { status }]) => status >= 500)
  .map(([code]) => code.toLowerCase())
  .join('|')

const RECEIVED = `sum(${rate('kprf_records_received_total')})`
const FAILED = `sum(rate({__name__=~"kprf_records_(failed|rejected)_total", ${CHOSEN}, reason=~"${SERVICE_ERRORS}"}[$__rate_interval]))`

export const OVERVIEW: Row = {
  title: 'Overview',
  panels: [
    {
      kind: 'number',
      title: 'Ready',
      description: 'The least of all instances: 1 if /readyz of each answers 200.',
      unit: 'none',
      width: 4,
      queries: [{ expr: `min(${gauge('kprf_ready')})`, legend: 'ready' }],
      words: [
        [1, 'ready', 'green'],
        [0, 'not ready', 'red'],
      ],
      alerts: ['KprfNotReady', 'KprfInstanceDown', 'KprfAbsent'],
    },
    {
      kind: 'number',
      title: 'Kafka',
      description:
        'The least of all instances: 1 if the last attempt of each to reach Kafka succeeded.',
      unit: 'none',
      width: 4,
      queries: [{ expr: `min(${gauge('kprf_kafka_up')})`, legend: 'up' }],
      words: [
        [1, 'up', 'green'],
        [0, 'down', 'red'],
      ],
      alerts: ['KprfKafkaDown'],
    },
    {
      kind: 'number',
      title: 'Requests',
      description: 'Answered requests per second, on all paths.',
      unit: 'reqps',
      width: 4,
      queries: [{ expr: `sum(${rate('kprf_http_requests_total')})`, legend: 'requests' }],
    },
    {
      kind: 'number',
      title: 'Delivered records',
      description: 'Records per second that Kafka acknowledged.',
      unit: 'cps',
      width: 4,
      queries: [{ expr: `sum(${rate('kprf_records_delivered_total')})`, legend: 'delivered' }],
      alerts: ['KprfNothingDelivered'],
    },
    {
      kind: 'number',
      title: 'Error ratio',
      description:
        'Share of the received records that were refused or not delivered for reasons that clients cannot correct: those with a status from 500 on in docs/ERRORS.md.',
      unit: 'percentunit',
      width: 4,
      // A reason has no series before it first counts: no errors are a ratio of 0.
      queries: [{ expr: `(${FAILED} or 0 * ${RECEIVED}) / ${RECEIVED}`, legend: 'errors' }],
      thresholds: [
        [0, 'green'],
        [0.001, 'yellow'],
        [0.01, 'red'],
      ],
      alerts: ['KprfRecordErrors', 'KprfErrorBudgetBurnsFast', 'KprfErrorBudgetBurns'],
    },
    {
      kind: 'number',
      title: 'Longest wait',
      description:
        'Age of the oldest record that Kafka does not have, in the queue or in the write-ahead log.',
      unit: 's',
      width: 4,
      queries: [
        { expr: `max(${gauge('kprf_queue_oldest_age_seconds')})`, legend: 'queue' },
        { expr: `max(${gauge('kprf_wal_oldest_age_seconds')})`, legend: 'log' },
      ],
      thresholds: [
        [0, 'green'],
        [30, 'yellow'],
        [300, 'red'],
      ],
      alerts: ['KprfLogFallsBehind'],
    },
    {
      kind: 'lines',
      title: 'Records',
      description:
        'Records per second: received in well-formed pushes, delivered to Kafka, admitted and not delivered (failed), and not admitted (rejected).',
      unit: 'cps',
      width: 12,
      queries: [
        { expr: RECEIVED, legend: 'received' },
        { expr: `sum(${rate('kprf_records_delivered_total')})`, legend: 'delivered' },
        { expr: `sum(${rate('kprf_records_failed_total')})`, legend: 'failed' },
        { expr: `sum(${rate('kprf_records_rejected_total')})`, legend: 'rejected' },
      ],
      min: 0,
      alerts: ['KprfNothingDelivered', 'KprfRecordErrors'],
    },
    {
      kind: 'lines',
      title: 'Latency of pushes',
      description:
        'Time from the first byte of a request on /push to the end of its answer; a push that waits for delivery includes Kafka.',
      unit: 's',
      width: 12,
      queries: quantiles('kprf_http_request_duration_seconds', [0.5, 0.99, 0.999], {
        labels: `${CHOSEN}, route="/push"`,
      }),
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Requests of each instance',
      description:
        'Answered requests per second. Lines that differ much mean that the balancer prefers some instances.',
      unit: 'reqps',
      width: 12,
      queries: [
        { expr: sumOfRates('kprf_http_requests_total', 'instance'), legend: '{{instance}}' },
      ],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Time since the start',
      description:
        'How long each instance has run, with its version. Marks on all panels show starts, new versions and new configurations.',
      unit: 's',
      width: 12,
      queries: [
        {
          expr: `(time() - ${gauge('kprf_start_time_seconds')}) * on (job, instance) group_left (version) ${gauge('kprf_build_info')}`,
          legend: '{{instance}} {{version}}',
        },
      ],
      min: 0,
    },
  ],
}
