/** The additional parts of `kprf --embedded-broker`: it starts a broker, and prints what to try. */
import type { EmbeddedCluster } from '@kprf/embedded-broker'
import type { HttpConfig } from '../config/types.ts'
import type { Addresses } from '../service/announce.ts'

/** Kafka's own port, which every example of a Kafka client uses. */
const KAFKA_PORT = 9092

/** Starts the embedded broker on Kafka's port of loopback, or on a free one if that is taken. */
export async function startEmbeddedBroker(): Promise<EmbeddedCluster> {
  // Loaded only if needed.
  const { EmbeddedCluster } = await import('@kprf/embedded-broker')
  try {
    return await EmbeddedCluster.start({ port: KAFKA_PORT })
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    if (!isTaken) throw error
    return await EmbeddedCluster.start({ port: 0 })
  }
}

/** The first screen: addresses, and commands to copy. */
export function firstScreen(
  bootstrap: string,
  { httpPort, metricsPort }: Addresses,
  { tls, metricsTls }: Pick<HttpConfig, 'tls' | 'metricsTls'>,
): string {
  const urlOf = (port: number, isSecure: boolean): string =>
    `http${isSecure ? 's' : ''}://127.0.0.1:${port}`
  const [push, metrics] = [
    urlOf(httpPort, tls.certFile !== ''),
    urlOf(metricsPort, metricsTls.certFile !== ''),
  ]
  const isMoved = !bootstrap.endsWith(`:${KAFKA_PORT}`)
  return `${isMoved ? movedNotice(bootstrap) : ''}
  kprf accepts records over HTTP and produces them to Kafka.

    page            ${push}/   (open it in a browser: push a record, and see it arrive)
    push            ${push}/push
    metrics         ${metrics}/metrics
    embedded Kafka  ${bootstrap}   (in memory, to try kprf out: records are lost when kprf stops)

  Push a record:

    curl ${push}/push -H 'Content-Type: application/json' -d '{"records": [{"topic": "orders", "data": "hello"}], "wait_for_send": true}'

  See it arrive, in another terminal:

    npm run --silent kprf -- tail orders --from-beginning --kafka.brokers=${bootstrap}

  Ctrl-C stops kprf. Its log follows.

`
}

function movedNotice(bootstrap: string): string {
  return `
  ATTENTION: port ${KAFKA_PORT} is taken, perhaps by another Kafka. The one in memory has ${bootstrap} instead.
  Copy the commands from here: with 127.0.0.1:${KAFKA_PORT}, as in the README, you would read the other one.
`
}
