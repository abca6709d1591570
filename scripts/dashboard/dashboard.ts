/** The dashboard of kprf: `deploy/grafana/kprf.json`. */
/* eslint-disable @typescript-eslint/no-deprecated -- files of the second schema need Grafana 12; this one any. */
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DATA_SOURCE, grafanaPanel } from './grafana-panel.ts'
import { CHOSEN, gauge, type Row } from './panel.ts'
import { DELIVERY } from './rows/delivery.ts'
import { HTTP } from './rows/http.ts'
import { KAFKA } from './rows/kafka.ts'
import { OVERVIEW } from './rows/overview.ts'
import { QUEUE_AND_LOG } from './rows/queue-and-log.ts'
import { RUNTIME } from './rows/runtime.ts'
import { RUNBOOK_UID } from './runbook.ts'

const ROWS: readonly Row[] = [OVERVIEW, HTTP, DELIVERY, KAFKA, QUEUE_AND_LOG, RUNTIME]

/** Name, label, query of its values, and the query's first part, which makes them. */
const VARIABLES = [
  ['job', 'Job', 'label_values(kprf_build_info, job)'],
  ['instance', 'Instance', 'label_values(kprf_build_info{job=~"$job"}, instance)'],
  ['topic', 'Topic', `label_values(kprf_records_received_total{${CHOSEN}}, topic)`],
] as const

/** Name, colour, the query whose samples are marked, and the text of a mark. */
const MARKS = [
  {
    name: 'Starts',
    color: 'blue',
    // The value is when it started, in milliseconds, and so the time of the mark.
    expr: `${gauge('kprf_start_time_seconds')} * 1000`,
    title: '{{instance}} started',
    isTime: true,
  },
  {
    name: 'New versions',
    color: 'purple',
    expr: `count by (version, commit) (${gauge('kprf_build_info')}) unless count by (version, commit) (kprf_build_info{${CHOSEN}} offset 5m)`,
    title: 'Version {{version}} ({{commit}})',
    isTime: false,
  },
  {
    name: 'New configurations',
    color: 'orange',
    expr: `count by (hash) (${gauge('kprf_config_hash_info')}) unless count by (hash) (kprf_config_hash_info{${CHOSEN}} offset 5m)`,
    title: 'Configuration {{hash}}',
    isTime: false,
  },
] as const

/** The dashboard. @param runbookUrl - of the section about an alert. */
export function dashboard(runbookUrl: (alert: string) => string): Dashboard {
  const builder = new DashboardBuilder('kprf')
    .uid('kprf')
    .description(
      'HTTP to Kafka: requests, delivery, brokers, queue, write-ahead log, and the process.',
    )
    .tags(['kprf'])
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .refresh('30s')
    .withVariable(
      new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    )
    .link(
      new DashboardLinkBuilder('What to do about alerts')
        .type(DashboardLinkType.Link)
        .url(`/d/${RUNBOOK_UID}`),
    )
  for (const [name, label, query] of VARIABLES) {
    builder.withVariable(
      new QueryVariableBuilder(name)
        .label(label)
        .datasource(DATA_SOURCE)
        .query({ query, refId: name })
        .definition(query)
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .sort(VariableSort.AlphabeticalAsc)
        .multi(true)
        .includeAll(true)
        .allValue('.*')
        .current({ selected: true, text: ['All'], value: ['$__all'] }),
    )
  }
  // What people mark in Grafana itself.
  builder.annotation(
    new AnnotationQueryBuilder()
      .name('Annotations & Alerts')
      .builtIn(1)
      .type('dashboard')
      .datasource({ type: 'grafana', uid: '-- Grafana --' })
      .enable(true)
      .hide(true)
      .iconColor('rgba(0, 211, 255, 1)'),
  )
  for (const { name, color, expr, title, isTime } of MARKS) {
    const mark = new AnnotationQueryBuilder()
      .name(name)
      .datasource(DATA_SOURCE)
      .enable(true)
      .iconColor(color)
      .expr(expr)
      .titleFormat(title)
      .step('60s')
    if (isTime) mark.useValueForTime(true)
    builder.annotation(mark)
  }
  let id = 0
  for (const { title, panels } of ROWS) {
    builder.withRow(new RowBuilder(title).id((id += 1)))
    for (const panel of panels) builder.withPanel(grafanaPanel(panel, (id += 1), runbookUrl))
  }
  return builder.build()
}
