import { systemClock } from '../../base/clock.ts'
import { maskerOf } from '../../base/quotable.ts'
import { secretsOf } from '../../config/secrets.ts'
import type { Config } from '../../config/types.ts'
import { withCompression } from '../../producer/compression/compressing-transport.ts'
import { ProducerEvents } from '../../producer/events.ts'
import { KafkajsTransport } from '../../producer/kafkajs/kafkajs-transport.ts'
import { Producer } from '../../producer/producer.ts'
import type { ProducerSettings } from '../../producer/settings.ts'
import { producerSettings, transportSettings } from '../../settings/kafka.ts'

/** Acknowledged by all in-sync replicas. */
const ACKS_ALL = -1

/**
 * Starts a producer with the Kafka settings of a configuration, for a command.
 *
 * @param report - gets what goes wrong with connections, as a line without secrets.
 * @throws ProxyError CONFIG_INVALID if a file that the configuration names cannot be used.
 */
export function openProducer(config: Config, report: (line: string) => void): Producer {
  const settings = acknowledged(producerSettings(config))
  const mask = maskerOf(secretsOf(config))
  const dependencies = {
    ...{ clock: systemClock, random: Math.random, events: new ProducerEvents() },
    log: (level: string, message: string, fields: Readonly<Record<string, unknown>>): void => {
      if (level === 'debug' || level === 'info') return
      const details = Object.entries(fields).map(([name, value]) => `, ${name}: ${String(value)}`)
      report(mask(`${message}${details.join('')}`))
    },
    onSecrets: (): void => undefined,
  }
  const transport = withCompression(
    new KafkajsTransport(transportSettings(config), dependencies),
    settings,
    dependencies,
  )
  const producer = new Producer(settings, { ...dependencies, transport })
  producer.start()
  return producer
}

/** With acks 0 nobody would know whether Kafka has a letter that is then removed. */
function acknowledged(settings: ProducerSettings): ProducerSettings {
  return settings.requiredAcks === 0 ? { ...settings, requiredAcks: ACKS_ALL } : settings
}
