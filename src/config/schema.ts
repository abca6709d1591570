/**
 * Every key of the configuration, one row each, in the order of `config print`, `--help` and docs/CONFIGURATION.md.
 *
 * To add a setting, write its row here or in schema/; {@link Setting} documents the fields. From the row follow the
 * key of the file, the variable and the flag; the checks and error messages; its place in `Config`, where `a_b` of
 * the file is `aB`; the row of the catalog, if it is another name of a librdkafka property; `--help`, `config
 * print` and docs/CONFIGURATION.md (`npm run docs`). A new kind of value belongs in kinds.ts, a rule between keys
 * in rules/, and the conversion for the parts of kprf in settings/.
 *
 * Tests require three sample values (test/config/samples.ts) and a line in the list of public names
 * (test/contract). The property may get its own place in the order of the catalog (KEY_PLACE).
 */
import { LOG_FORMATS, LOG_LEVELS } from '../base/log-level.ts'
import { boolean, integer, nonEmptyText, oneOf, workerCount } from './kinds.ts'
import { rateLimitRules } from './list-kinds.ts'
import { HTTP } from './schema/http.ts'
import { KAFKA_ACCESS } from './schema/kafka-access.ts'
import { KAFKA_QUEUE } from './schema/kafka-queue.ts'
import { WAL } from './schema/wal.ts'
import { setting, type Setting } from './setting.ts'

const ratelimit = {
  enabled: setting({
    doc: 'Whether `ratelimit.rules` apply.',
    kind: boolean(),
    default: false,
    reload: true,
  }),
  rules: setting({
    doc: 'Rate limits of topics, in records over a sliding minute. A rule has a `topic_name`, and `max_requests_per_minute` from 0 to 2147483647; 0 is no limit. A topic without a rule has no limit.',
    kind: rateLimitRules(),
    default: [],
    reload: true,
  }),
}

const shutdown = {
  timeout_ms: setting({
    doc: 'How long a shutdown waits, once it refuses pushes, for replies to pushes in flight and for delivery of the queue.',
    kind: integer(0, 3_600_000),
    default: 20_000,
    unit: 'ms',
  }),
  drain_delay_ms: setting({
    doc: 'How long kprf accepts pushes after SIGTERM while `/readyz` already fails. 0 refuses them at once; behind a load balancer, as in Kubernetes, 5000 gives it time to stop sending.',
    kind: integer(0, 600_000),
    default: 0,
    unit: 'ms',
  }),
}

/** Every key, in the shape of the file. */
export const SCHEMA = {
  kafka: { ...KAFKA_ACCESS, ...KAFKA_QUEUE },
  http: HTTP,
  output_file: setting({
    doc: 'Where the log goes: a file, opened again on SIGHUP, or `/dev/stdout`.',
    kind: nonEmptyText(),
    default: '/dev/stdout',
  }),
  log_level: setting({
    doc: 'Lowest level of the lines that are logged.',
    kind: oneOf(LOG_LEVELS),
    default: 'info',
    reload: true,
  }),
  log_format: setting({
    doc: 'Format of the log: `json`, one object for each line, or `pretty`, columns and colours for people. `auto` is `pretty` if `output_file` is a terminal, else `json`.',
    kind: oneOf(LOG_FORMATS),
    default: 'auto',
  }),
  workers: setting({
    doc: 'Processes that accept pushes; `auto` is one per core. Queue limits and rate limits apply to all of them together, and metrics cover all of them. With more than one, records of one key keep their order only within one connection.',
    kind: workerCount(1, 64),
    default: 1,
  }),
  ratelimit,
  wal: WAL,
  shutdown,
}

type ValuesOf<Node> =
  Node extends Setting<infer Value> ? Value : { readonly [Key in keyof Node]: ValuesOf<Node[Key]> }

/** The value of every key, in the shape of the file. */
export type Values = ValuesOf<typeof SCHEMA>
