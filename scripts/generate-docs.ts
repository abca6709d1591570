/** Writes the pages of `docs/` that follow from the code: `npm run docs`. */
import { writeFileSync } from 'node:fs'
import { format } from 'prettier'
import { Counter, Gauge, Registry } from 'prom-client'
import { PROPERTIES_SECTION } from '../src/config/properties/assign.ts'
import { SECTIONS } from '../src/config/names.ts'
import { RULES } from '../src/config/rules/rules.ts'
import { SETTINGS, type NamedSetting } from '../src/config/settings.ts'
import type { KprfState } from '../src/telemetry/metrics/state-gauges.ts'
import { Metrics } from '../src/telemetry/metrics/metrics.ts'
import type { StatisticsSource } from '../src/telemetry/metrics/statistics-metrics.ts'
import { WorkerMetrics } from '../src/telemetry/metrics/worker-metrics.ts'
import {
  LABEL_KEPT_MS,
  MAX_TOPIC_LABELS,
  OTHER_TOPICS,
} from '../src/telemetry/metrics/topic-labels.ts'
import { propertiesSection } from './docs/properties-section.ts'

const METRICS_INTRODUCTION = `<!-- Made by \`npm run docs\`. -->

# Metrics

Served on \`http.metrics_port\` at \`/metrics\`, in the Prometheus text format 0.0.4. The first ones are those of
the Rust kprf, with its names and units; \`kprf_\` begins the names of those that are ours. Beside them are the
process and Node.js metrics of prom-client.

Those that begin with \`kafka_producer_\` come from the statistics ([STATISTICS.md](STATISTICS.md)): they are there while
\`kafka.statistics_interval_ms\` is more than 0, and are as of the end of the last interval. Their label \`broker\` is
\`host:port/nodeid\`, or \`host:port/bootstrap\` as long as no broker has said who listens there.

The label \`topic\` is the name of a topic that the configuration names or to which something was delivered, up to
${MAX_TOPIC_LABELS} of them in each process, and \`${OTHER_TOPICS}\` for all others: also for what a topic counted before its
first delivery, failures included. When all are taken, a new topic takes the place of the one to which nothing was
delivered for the longest time, if that is more than ${LABEL_KEPT_MS / 60_000} minutes. The series of that one are removed, and
what they counted is added to those of \`${OTHER_TOPICS}\`, so that sums over all topics never go down; \`kprf_topic_labels_reused_total\`
says how often. The rate of \`${OTHER_TOPICS}\`, and a sum of rates with it, then jumps once by what was added: leave it out
(\`{topic!="${OTHER_TOPICS}"}\`) where that matters, or use metrics without this label.

 \`reason\` is an error code of [ERRORS.md](ERRORS.md) in lower case where records fail or are rejected,
and librdkafka's name of the error where batches are sent in vain.

Every record is in one place: \`kprf_records_received_total\` = \`kafka_sent_messages\` + \`kprf_records_failed_total\` +
\`kprf_records_rejected_total\` + \`kafka_internal_queue_size\`.

With several \`workers\`, these are the metrics of all of them, those that were replaced included: counters and
histograms are added up. Of a worker that dies, what it counted since the last scrape is gone with it; the records it
had are in \`kprf_worker_lost_records_total\`. The metrics whose names begin with \`kprf_worker\` are there only then.`

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
  })
  const primary = new Registry()
  new WorkerMetrics(() => 0, primary)
  const rows = [registry, primary]
    .flatMap((registered) => registered.getMetricsAsArray())
    .map(describeMetric)
    .filter(({ name }) => OUR_METRIC.test(name))
    .map(({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labels} | ${help} |`)
  const table = ['| Metric | Type | Labels | Meaning |', '| --- | --- | --- | --- |', ...rows]
  return await format([METRICS_INTRODUCTION, table.join('\n')].join('\n\n'), { parser: 'markdown' })
}

const OUR_METRIC = /^(kprf|kafka|http|ratelimit)_/

function idleState(): KprfState {
  return {
    ...{ isKafkaUp: false, metadataAgeMs: undefined, queueRecords: 0, queueBytes: 0 },
    ...{ queueLimitBytes: 0, queueMemoryBytes: 0, queueMemoryLimitBytes: 0, queueOldestAgeMs: 0 },
    ...{ bodyBytes: 0, bodyLimitBytes: 0, unknownTopics: 0 },
  }
}

function noStatistics(): StatisticsSource {
  return {
    ...{ replyq: 0, msg_cnt: 0, msg_size: 0, metadata_cache_cnt: 0, brokers: {}, topics: {} },
    ...{ tx: 0, tx_bytes: 0, rx: 0, rx_bytes: 0, txmsgs: 0, txmsg_bytes: 0 },
  }
}

/** prom-client does not publish what it keeps of a metric's declaration. */
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
    setting.doc,
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
2. the YAML file of \`--config=FILE\` (\`-c FILE\`);
3. the environment: one variable for each key;
4. flags: \`--\` and the dotted key, as in \`--kafka.brokers=a:9092,b:9092\` or \`--http.port 4242\`.

\`kprf config check\` says whether the whole is right. \`kprf config print\` prints what is in effect and
where each value was set, and masks the secrets. A wrong configuration is reported in full, one line
a problem, before anything starts; the exit code is then 78. An unknown command exits with 64.

Messages repeat no text that may be a secret in the wrong place: they name the key, the variable, the
position in the file or the number of the argument, and what is allowed, but no unknown key or flag, no
line of the file, and no wrong value other than a number that is out of range. \`config print\` and
\`config explain\` also mask addresses with a user or password in them. The log masks every secret of the
configuration wherever it occurs, also when a broker or a token endpoint repeats it; those of fewer than
four characters are not looked for.

How values are written:

- Numbers are decimal, and whole but for \`kafka.queue_buffering_max_ms\`. In the file they may be quoted: \`port: "4242"\` is 4242.
- Text that YAML takes for something else needs quotes: \`password: "0123"\`.
- In variables and flags, lists have commas between; \`ratelimit.rules\` is JSON there. Text, also the
  empty one, is taken as it is.
- Words to choose from, and \`true\` and \`false\`, may be in upper case.
- A key of the file without a value is an error; a section without keys is not.
- Where a variable also has \`_FILE\`, that one names a file with the value; a line end at its end is
  dropped. Prefer it for secrets: other users of the machine can read flags.

Every variable that begins with \`KPRF_\` must be one of those below: a misspelt one is an error, not
ignored. Left alone are those Kubernetes sets where a Service is called \`kprf\` or \`kprf-something\`:
\`KPRF_SERVICE_HOST\`, \`KPRF_PORT_4242_TCP_ADDR\` and the like, also \`KPRF_HTTP_PORT\` while it holds
\`tcp://...\`.`

if (import.meta.main) {
  writeFileSync(new URL('../docs/CONFIGURATION.md', import.meta.url), await configurationPage())
  writeFileSync(new URL('../docs/METRICS.md', import.meta.url), await metricsPage())
}
