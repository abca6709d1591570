/** The parts of a service that hear of much, or that many hear of. */
import type { Clock } from '../base/clock.ts'
import type { IdempotencyKeys } from '../base/idempotency.ts'
import type { LogLevel } from '../base/log-level.ts'
import type { Config } from '../config/types.ts'
import { withCompression } from '../producer/compression/compressing-transport.ts'
import { ProducerEvents } from '../producer/events.ts'
import { KafkajsTransport } from '../producer/kafkajs/kafkajs-transport.ts'
import type { Producer } from '../producer/producer.ts'
import type { Statistics } from '../producer/statistics/statistics.ts'
import type { Transport } from '../producer/transport.ts'
import type { producerSettings, transportSettings } from '../settings/kafka.ts'
import { walSettings } from '../settings/wal.ts'
import { countEvents } from '../telemetry/count-events.ts'
import type { BrokerWatch } from '../telemetry/live/broker-watch.ts'
import { noteEvents } from '../telemetry/live/note-events.ts'
import { noteWal } from '../telemetry/live/note-wal.ts'
import type { Problems } from '../telemetry/live/problems.ts'
import { logEvents } from '../telemetry/log-events.ts'
import { logWal } from '../telemetry/log-wal.ts'
import type { Log, LogFields, Logger } from '../telemetry/logging.ts'
import type { Metrics } from '../telemetry/metrics/metrics.ts'
import { WriteAheadLog } from '../wal/write-ahead-log.ts'
import type { Certificates } from './certificates.ts'

/** What they need of the process. */
interface ProcessOptions {
  readonly config: Config
  readonly clock: Clock
  readonly random: () => number
}

/** Who hears of events. */
interface Listeners {
  readonly metrics: Metrics
  readonly logger: Logger
  readonly statistics: Statistics | undefined
  readonly problems: Problems
  readonly brokers: BrokerWatch
}

/** Passes the events of the producer to all who hear of them. */
export function makeEvents({
  metrics,
  logger,
  statistics,
  problems,
  brokers,
}: Listeners): ProducerEvents {
  const events = new ProducerEvents()
  events.subscribe(countEvents(metrics))
  events.subscribe(logEvents(logger))
  // After the metrics, which give topics their labels.
  events.subscribe(noteEvents(problems))
  events.subscribe((event) => {
    brokers.observe(event)
  })
  if (statistics) {
    events.subscribe((event) => {
      statistics.observe(event)
    })
  }
  return events
}

/** What {@link makeWal} works with. */
interface WalParts {
  readonly producer: Producer
  readonly events: ProducerEvents
  readonly logger: Logger
  readonly metrics: Metrics
  readonly problems: Problems
  /** `undefined` if none are kept. */
  readonly keys: IdempotencyKeys | undefined
}

/** Makes the write-ahead log; `undefined` without `wal.enabled`. */
export function makeWal(
  { config, clock, random }: ProcessOptions,
  { producer, events, logger, metrics, problems, keys }: WalParts,
): WriteAheadLog | undefined {
  const settings = walSettings(config)
  const { wal: walMetrics } = metrics
  if (settings === undefined || walMetrics === undefined) return undefined
  return new WriteAheadLog(settings, {
    ...{ producer, clock, random, events, keys },
    observer: noteWal(problems, logWal(logger, walMetrics)),
    keyLimits: keys && config.http.idempotency,
    onGroup: ({ records, writeMs, syncMs }) => {
      walMetrics.groupWritten(records, writeMs, syncMs)
    },
  })
}

/** What {@link makeTransport} works with. */
interface TransportParts {
  readonly kafka: ReturnType<typeof transportSettings>
  readonly queue: ReturnType<typeof producerSettings>
  readonly events: ProducerEvents
  readonly logger: Logger
  readonly log: Log
  readonly certificates: Certificates
  /** Called with what the transport logs. */
  readonly noted: (level: LogLevel, fields: LogFields) => void
}

/** Makes the connections to Kafka. */
export function makeTransport(
  { clock, random }: ProcessOptions,
  { kafka, queue, events, logger, log, certificates, noted }: TransportParts,
): Transport {
  const dependencies = {
    ...{ clock, random, events },
    log: (level: LogLevel, message: string, fields: LogFields): void => {
      noted(level, fields)
      logger.limited(level, `kafka ${level}`, message, fields)
    },
    onSecrets: (secrets: readonly string[]): void => {
      log.mask(secrets)
    },
    onTls: certificates.usedWithKafka.bind(certificates),
  }
  return withCompression(new KafkajsTransport(kafka, dependencies), queue, dependencies)
}
