import { CHOSEN, gauge, rate, type Row } from '../panel.ts'

export const RUNTIME: Row = {
  title: 'Runtime',
  panels: [
    {
      kind: 'lines',
      title: 'CPU',
      description: 'Cores that each instance uses, workers included.',
      unit: 'short',
      width: 8,
      queries: [{ expr: rate('process_cpu_seconds_total'), legend: '{{instance}}' }],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Memory',
      description:
        'Resident memory and heap of each instance, workers included, and the memory that its container or machine has.',
      unit: 'bytes',
      width: 8,
      queries: [
        { expr: gauge('process_resident_memory_bytes'), legend: '{{instance}} resident' },
        { expr: gauge('nodejs_heap_size_used_bytes'), legend: '{{instance}} heap used' },
        { expr: gauge('kprf_memory_limit_bytes'), legend: '{{instance}} limit' },
      ],
      min: 0,
      alerts: ['KprfWorkersRestart'],
    },
    {
      kind: 'lines',
      title: 'Event loop lag',
      description: 'How late turns of the event loop come, between two scrapes.',
      unit: 's',
      width: 8,
      queries: [
        { expr: gauge('nodejs_eventloop_lag_p50_seconds'), legend: '{{instance}} p50' },
        { expr: gauge('nodejs_eventloop_lag_p99_seconds'), legend: '{{instance}} p99' },
        { expr: gauge('nodejs_eventloop_lag_max_seconds'), legend: '{{instance}} max' },
      ],
      thresholds: [
        [0, 'green'],
        [0.1, 'red'],
      ],
      min: 0,
      alerts: ['KprfEventLoopBlocked'],
    },
    {
      kind: 'lines',
      title: 'Garbage collection',
      description: 'Share of the time of one core that each kind takes.',
      unit: 'percentunit',
      width: 8,
      queries: [
        {
          expr: `sum by (instance, kind) (${rate('nodejs_gc_duration_seconds_sum')})`,
          legend: '{{instance}} {{kind}}',
        },
      ],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Open files',
      description: 'Open files and sockets, as a share of what the system allows.',
      unit: 'percentunit',
      width: 8,
      queries: [
        {
          expr: `${gauge('process_open_fds')} / ${gauge('process_max_fds')}`,
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
      title: 'Workers',
      description: 'Worker processes of each instance with several of them.',
      unit: 'short',
      width: 8,
      queries: [{ expr: gauge('kprf_workers'), legend: '{{instance}}' }],
      min: 0,
      alerts: ['KprfWorkersRestart'],
    },
    {
      kind: 'lines',
      title: 'Replaced workers and lost records',
      description:
        'In the last hour: workers that died (crash) or were replaced on request, and the records that were in the queues of those that died. Only with several workers.',
      unit: 'short',
      width: 12,
      queries: [
        {
          expr: `increase(kprf_worker_restarts_total{${CHOSEN}}[1h])`,
          legend: '{{instance}} {{reason}}',
        },
        {
          expr: `increase(kprf_worker_lost_records_total{${CHOSEN}}[1h])`,
          legend: '{{instance}} lost records',
        },
      ],
      min: 0,
      alerts: ['KprfWorkersRestart', 'KprfRecordsLost'],
    },
    {
      kind: 'lines',
      title: 'Certificates',
      description:
        'Time until a certificate expires, by its use. Only where kprf has certificates.',
      unit: 's',
      width: 12,
      queries: [
        {
          expr: `${gauge('kprf_certificate_expiry_seconds')} - time()`,
          legend: '{{instance}} {{use}}',
        },
      ],
      thresholds: [
        [0, 'red'],
        [14 * 86_400, 'green'],
      ],
      alerts: ['KprfCertificateExpires'],
    },
  ],
}
