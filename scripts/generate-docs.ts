/** Writes the pages of `docs/` that follow from the code: `npm run docs`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { format } from 'prettier'
import { Counter, Gauge, Registry } from 'prom-client'
import { PROPERTIES_SECTION } from '../src/config/properties/merge-names.ts'
import { SECTIONS } from '../src/config/names.ts'
import { RULES } from '../src/config/rules/rules.ts'
import { SETTINGS, type NamedSetting } from '../src/config/settings.ts'
import type { KprfState } from '../src/telemetry/metrics/state-gauges.ts'
import { Metrics } from '../src/telemetry/metrics/metrics.ts'
import type { StatisticsFigures } from '../src/telemetry/metrics/statistics-metrics.ts'
import { CLOSED_WAL } from '../src/wal/write-ahead-log.ts'
import { WorkerMetrics } from '../src/telemetry/metrics/worker-metrics.ts'
import {
  LABEL_KEPT_MS,
  MAX_TOPIC_LABELS,
  MAX_UNDELIVERED_LABELS,
  OTHER_TOPICS,
} from '../src/telemetry/metrics/topic-labels.ts'
import { compatibilityPage } from '../test/compatibility/page.ts'
import { withRepliesTable } from '../test/migration/table.ts'
import { propertiesSection } from './docs/properties-section.ts'
import { scriptArguments } from './arguments.ts'

scriptArguments('Usage: npm run docs', {})

const METRICS_INTRODUCTION = `<!-- Made by \`npm run docs\`. -->

# Metrics

Served on \`http.metrics_port\` at \`/metrics\`, in the Prometheus text format 0.0.4. The first ones are those of
the Rust kprf, with its names and units: dashboards go on working, and \`promtool check metrics\` complains of these names. Names that begin with \`kprf_\` are new in this kprf. prom-client adds its
metrics of the process and of Node.js: \`process_cpu_seconds_total\`, \`process_resident_memory_bytes\`,
\`process_open_fds\`, \`nodejs_eventloop_lag_p50_seconds\`, \`nodejs_eventloop_lag_p99_seconds\` and
\`nodejs_eventloop_lag_max_seconds\` since the last scrape, \`nodejs_heap_size_used_bytes\`,
\`nodejs_gc_duration_seconds\` and others.

The metrics that begin with \`kafka_producer_\` come from the statistics ([STATISTICS.md](STATISTICS.md)). They exist if
\`kafka.statistics_interval_ms\` is more than 0, and show the end of the last interval. Their label \`broker\` is
\`host:port/nodeid\`, or \`host:port/bootstrap\` while the node at this address is not known.

The label \`topic\` is the name of a topic that the configuration names or to which kprf has delivered something, up to
${MAX_TOPIC_LABELS} of them in each process, and \`${OTHER_TOPICS}\` for all others. Before its first delivery, a topic
has its name if its records fail, for example because Kafka is away, or are sent again although Kafka may have stored
them; so have the first ${MAX_UNDELIVERED_LABELS} such topics. Everything else that is counted before the first delivery
to a topic goes to \`${OTHER_TOPICS}\`. When all labels are taken, a topic with a delivery replaces one without, or else the one with
the longest time since its last delivery, if that is more than ${LABEL_KEPT_MS / 60_000} minutes. kprf then removes the
series of the replaced topic and adds its counts to \`${OTHER_TOPICS}\`, so that sums over all topics never go down;
\`kprf_topic_labels_reused_total\` counts this. The rate of \`${OTHER_TOPICS}\`, and a sum of rates with it, jumps once by the
added amount: if that matters, leave it out (\`{topic!="${OTHER_TOPICS}"}\`), or use metrics without this label.

For records that fail or are rejected, \`reason\` is an error code of [ERRORS.md](ERRORS.md) in lower case; for attempts
to send a batch, it is librdkafka's name of the error.

The label \`route\` is the pattern of a path, such as \`/push\` or \`/topics/:topic/raw\`, and \`none\` for requests that
reached no route: no client can add a value. Probes and scrapes of the operations port are not counted.

Some counts have two names, because dashboards use either: \`kafka_sent_messages\` and \`kprf_records_delivered_total\`,
\`kprf_http_body_bytes\` and \`kprf_http_inflight_bytes\`, \`kprf_wal_dead_letters_total\` and
\`kprf_dlq_records_total\`, \`kprf_wal_damaged_records_total\` and \`kprf_wal_corrupt_records_total\`.

Every record is counted in one place: \`kprf_records_received_total\` = \`kafka_sent_messages\` +
\`kprf_records_failed_total\` + \`kprf_records_rejected_total\` + \`kafka_internal_queue_size\`.

With several \`workers\`, the metrics cover all of them, including replaced ones: counters and histograms are added up,
and so are gauges, but for ages, lags and states: of these the worst counts, which is the largest, or the smallest of
\`kprf_kafka_up\`, \`kprf_wal_accepting\`, \`kprf_wal_disk_free_bytes\` and \`kprf_certificate_expiry_seconds\`.
\`kprf_ready\`, \`kprf_config_hash_info\` and \`kprf_start_time_seconds\` are those of the primary.
If a worker dies, its counts since the last scrape are lost; its records are in \`kprf_worker_lost_records_total\`. The
metrics whose names begin with \`kprf_worker\` exist only with several workers.`

/** `docs/METRICS.md`. */
export async function metricsPage(): Promise<string> {
  const registry = new Registry()
  new Metrics({
    registry,
    version: '',
    commitHash: '',
    bufferedRecords: () => [],
    state: idleState,
    statistics: noStatistics,
    wal: () => CLOSED_WAL,
    idempotencyKeys: () => 0,
    certificates: () => new Map(),
    process: { configHash: () => '', isReady: () => false, memoryLimitBytes: 0, startedMs: 0 },
  })
  const primary = new Registry()
  new WorkerMetrics({ runningWorkers: () => 0, registry: primary })
  const metrics = [registry, primary]
    .flatMap((registered) => registered.getMetricsAsArray())
    .map(describeMetric)
    .filter(({ name }) => OUR_METRIC.test(name))
  const rows = [...new Map(metrics.map((metric) => [metric.name, metric])).values()].map(
    ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labels} | ${help} |`,
  )
  const table = ['| Metric | Type | Labels | Meaning |', '| --- | --- | --- | --- |', ...rows]
  return await format([METRICS_INTRODUCTION, table.join('\n')].join('\n\n'), { parser: 'markdown' })
}

const OUR_METRIC = /^(kprf|kafka|http|ratelimit)_/

function idleState(): KprfState {
  return {
    ...{ isKafkaUp: false, metadataAgeMs: undefined, queueRecords: 0, queueBytes: 0 },
    ...{ queueLimitRecords: 0, queueLimitBytes: 0, queueOldestAgeMs: 0 },
    ...{ queueMemoryBytes: 0, queueMemoryLimitBytes: 0 },
    ...{ bodyBytes: 0, bodyLimitBytes: 0, unknownTopics: 0 },
  }
}

function noStatistics(): StatisticsFigures {
  return {
    ...{ replyq: 0, msg_cnt: 0, msg_size: 0, metadata_cache_cnt: 0, brokers: {}, topics: {} },
    ...{ tx: 0, tx_bytes: 0, rx: 0, rx_bytes: 0, txmsgs: 0, txmsg_bytes: 0 },
  }
}

/** Reads prom-client's unpublished declaration of a metric. */
function describeMetric(metric: object): {
  readonly name: string
  readonly type: string
  readonly labels: string
  readonly help: string
} {
  const { name, help, labelNames } = metric as {
    readonly name: string
    readonly help: string
    readonly labelNames: readonly string[]
  }
  const type =
    metric instanceof Counter ? 'counter' : metric instanceof Gauge ? 'gauge' : 'histogram'
  return { name, help, type, labels: labelNames.join(', ') }
}

/** At the end of the meaning of keys that need no restart. */
const RELOADED = '**Changes on SIGHUP.**'

const HEADER = ['Key', 'Variable', 'Default', 'Allowed', 'Meaning', 'librdkafka']

/** `docs/CONFIGURATION.md`. */
export async function configurationPage(): Promise<string> {
  const sections = ['', ...SECTIONS]
    .filter((section) => section !== PROPERTIES_SECTION)
    .map((section) => {
      const settings = SETTINGS.filter(({ key }) => sectionOf(key) === section)
      return `## ${section === '' ? 'Top level' : `\`${section}\``}\n\n${table(settings)}`
    })
  const rules = RULES.map(({ rule }) => `- ${rule}`).join('\n')
  const page = [
    ...[INTRODUCTION, ...sections],
    `## Rules between keys\n\n${rules}`,
    propertiesSection(),
  ].join('\n\n')
  return await format(page, { parser: 'markdown' })
}

function table(settings: readonly NamedSetting[]): string {
  const rows = settings.map((setting) => [
    `\`${setting.key}\``,
    `\`${setting.variable}\`${setting.hasFileVariable === true ? ', `_FILE`' : ''}`,
    `\`${typeof setting.default === 'string' ? quoted(setting.default) : JSON.stringify(setting.default)}\``,
    allowed(setting),
    setting.reload === true ? `${setting.doc} ${RELOADED}` : setting.doc,
    (setting.property?.names ?? []).map((name) => `\`${name}\``).join(', '),
  ])
  const lines = [HEADER, HEADER.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function quoted(text: string): string {
  return text === '' ? "''" : text
}

function allowed({ kind: { min, max, choices, allowed: words }, unit }: NamedSetting): string {
  if (choices !== undefined)
    return choices
      .filter(Boolean)
      .map((word) => `\`${word}\``)
      .join(', ')
  return min === undefined ? words : `${min} to ${max}${unit === undefined ? '' : ` ${unit}`}`
}

function sectionOf(key: string): string {
  return key.split('.').slice(0, -1).join('.')
}

const INTRODUCTION = `<!-- Made by \`npm run docs\`. -->

# Configuration

Later sources win over earlier ones:

1. the defaults below;
2. the file of \`--config=FILE\` (\`-c FILE\`, \`-cFILE\`) or, without the flag, of the variable \`KPRF_CONFIG\`: YAML,
   whatever its name ends with;
3. the environment: one variable for each key;
4. flags: \`--\` and the dotted key, as in \`--kafka.brokers=a:9092,b:9092\` or \`--http.port 4242\`.

\`kprf config check\` checks the configuration. \`kprf config print\` prints the values in effect and where each was set,
and masks the secrets. kprf reports all errors of a configuration, one per line, before anything starts; the exit code
is then 78. An unknown command exits with 64.

Messages repeat no text that may be a secret in the wrong place: they name the key, the variable, the
position in the file or the number of the argument, and what is allowed, but no unknown key or flag, no
line of the file, and no wrong value other than a number that is out of range. \`config print\` and
\`config explain\` also mask addresses that contain a user or password. The log masks every secret of the
configuration wherever it occurs, also when a broker or a token endpoint repeats it, except secrets of fewer than
four characters.

How values are written:

- Numbers are decimal, and whole except for \`kafka.queue_buffering_max_ms\`. In the file they may be quoted: \`port: "4242"\` is 4242.
- Text needs no quotes in the file if it looks like a number, \`true\` or \`false\`: \`password: 0123\` is the text 0123.
- In variables and flags, lists are separated by commas; \`ratelimit.rules\` is JSON there. Text, also
  empty text, is used unchanged, except that secrets and the user lose one line end at their end.
- Words of a fixed choice, and \`true\` and \`false\`, may be in upper case.
- A key of the file without a value, or with \`null\`, has its default, as if the line were not there.
- Where a variable also has \`_FILE\`, the variable with that ending names a file with the value, which is read again for new connections when it changes. Prefer it for secrets: other users of the machine can read flags.

A running kprf reads its configuration again on SIGHUP. The keys below that end with "${RELOADED}" get
their new values then: for all workers, without closing a connection; requests in progress are finished under the old ones.
One line of the log names the keys that have changed (\`changed\`), and those whose new values need a restart (\`needs_restart\`). A
configuration with an error changes nothing, and the line says what is wrong. SIGHUP also opens the log file again, and
looks at once whether certificates were renewed. With several workers, SIGUSR2 replaces them one by one, and the new ones use nearly
all other keys too.

A key, variable or flag that kprf does not know is an error, with the nearest name that it does know. With the flag
\`--lenient\` or the variable \`KPRF_LENIENT=true\` it is a warning, and ignored: for a file that other versions or
programs read too. Wrong values stay errors.

Every variable that begins with \`KPRF_\` must be one of those below. kprf ignores the variables that Kubernetes sets if a Service is called \`kprf\` or \`kprf-something\`:
\`KPRF_SERVICE_HOST\`, \`KPRF_PORT_4242_TCP_ADDR\` and the like, also \`KPRF_HTTP_PORT\` if its value begins with
\`tcp://\`.`

if (import.meta.main) {
  writeFileSync(new URL('../docs/CONFIGURATION.md', import.meta.url), await configurationPage())
  writeFileSync(new URL('../docs/METRICS.md', import.meta.url), await metricsPage())
  writeFileSync(
    new URL('../docs/REST-COMPATIBILITY.md', import.meta.url),
    await compatibilityPage(),
  )
  const migration = new URL('../docs/MIGRATION.md', import.meta.url)
  writeFileSync(migration, await withRepliesTable(readFileSync(migration, 'utf8')))
}
