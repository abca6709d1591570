import { CHOSEN, gauge, quantiles, rate, type Row, sumOfRates } from '../panel.ts'

export const HTTP: Row = {
  title: 'HTTP',
  panels: [
    {
      kind: 'lines',
      title: 'Answers by status',
      description:
        'Requests per second by the status of their answer. 499: the client left before it.',
      unit: 'reqps',
      width: 8,
      queries: [{ expr: sumOfRates('kprf_http_requests_total', 'code'), legend: '{{code}}' }],
      isStacked: true,
      min: 0,
      alerts: ['KprfHttpErrors'],
    },
    {
      kind: 'lines',
      title: 'Answers by path',
      description:
        'Requests per second by method and path. "none" is a request that was refused before its path was known.',
      unit: 'reqps',
      width: 8,
      queries: [
        {
          expr: sumOfRates('kprf_http_requests_total', 'method, route'),
          legend: '{{method}} {{route}}',
        },
      ],
      isStacked: true,
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Latency by path',
      description: 'The time within which 99 of 100 requests of each path are answered.',
      unit: 's',
      width: 8,
      queries: quantiles('kprf_http_request_duration_seconds', [0.99], { by: ['route'] }),
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Size of bodies',
      description: 'Bytes of request bodies as read, decompressed.',
      unit: 'bytes',
      width: 8,
      queries: quantiles('kprf_http_request_body_bytes', [0.5, 0.99]),
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Requests in progress',
      description:
        'Requests that are being served. They grow when Kafka is slow and clients wait for delivery.',
      unit: 'short',
      width: 8,
      queries: [{ expr: gauge('kprf_http_inflight_requests'), legend: '{{instance}}' }],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Memory of bodies',
      description:
        'Bytes of request bodies in memory, as a share of their limit. At the limit, pushes are refused with 503 (50305).',
      unit: 'percentunit',
      width: 8,
      queries: [
        {
          expr: `${gauge('kprf_http_inflight_bytes')} / ${gauge('kprf_http_body_limit_bytes')}`,
          legend: '{{instance}}',
        },
      ],
      thresholds: [
        [0, 'green'],
        [0.8, 'red'],
      ],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Connections',
      description:
        'Open connections of clients: active while a request is served or an answer is not read yet, idle otherwise.',
      unit: 'short',
      width: 6,
      queries: [
        { expr: `sum by (state) (${gauge('kprf_http_connections')})`, legend: '{{state}}' },
      ],
      isStacked: true,
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Closed connections',
      description:
        'Connections per second that kprf closed, by reason: over a limit, idle, or seconds in which all were taken. docs/METRICS.md explains the reasons.',
      unit: 'cps',
      width: 6,
      queries: [
        { expr: sumOfRates('kprf_http_connections_dropped_total', 'reason'), legend: '{{reason}}' },
      ],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Mistakes of clients',
      description:
        'Requests per second refused before their path was known, and clients that left before their answer, by code.',
      unit: 'cps',
      width: 6,
      queries: [
        { expr: sumOfRates('kprf_http_client_errors_total', 'code'), legend: '{{code}}' },
        { expr: `sum(${rate('kprf_http_aborted_total')})`, legend: 'left before the answer' },
      ],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Denied',
      description:
        'Requests and records per second that were refused because of who sent them, by reason.',
      unit: 'cps',
      width: 6,
      queries: [
        {
          expr: `${sumOfRates('kprf_http_denied_total', 'reason')} > 0`,
          legend: '{{reason}}',
        },
      ],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Rejected records',
      description: 'Records per second that were not admitted, by the code in docs/ERRORS.md.',
      unit: 'cps',
      width: 12,
      queries: [
        { expr: sumOfRates('kprf_records_rejected_total', 'reason'), legend: '{{reason}}' },
      ],
      min: 0,
      alerts: ['KprfRecordErrors'],
    },
    {
      kind: 'lines',
      title: 'Records over a rate limit',
      description: 'Records per second that ratelimit.rules refused, the ten topics with most.',
      unit: 'cps',
      width: 12,
      queries: [
        {
          expr: `topk(10, ${sumOfRates('ratelimit_messages_count', 'topic', `${CHOSEN}, topic=~"$topic"`)})`,
          legend: '{{topic}}',
        },
      ],
      min: 0,
    },
  ],
}
