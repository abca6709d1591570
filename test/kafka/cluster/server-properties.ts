/** The settings of one node: broker and KRaft controller in one process, loopback only. */

/** A node's number and its two loopback ports. */
export interface NodeAddress {
  readonly id: number
  /** Where clients connect. */
  readonly port: number
  readonly controllerPort: number
}

/** One more way into a broker beside the plain one, named as Kafka names listeners: `SASL_SSL`, say. */
export interface ExtraListener {
  readonly protocol: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'
  readonly port: number
  /** Properties of this listener alone, without their prefix `listener.name.<name>.`. */
  readonly properties: Readonly<Record<string, string>>
}

/** What may differ from one cluster to the next. */
export interface ServerSettings {
  /** By their names, in capitals. Of a cluster of one broker. @defaultValue none */
  readonly listeners?: Readonly<Record<string, ExtraListener>>
  /** Whether a client that asks for an unknown topic makes the broker create it. */
  readonly autoCreate: boolean
  /** Server properties by their Kafka names; they win over the ones chosen here. */
  readonly overrides: Readonly<Record<string, string>>
}

/** Renders `server.properties` of one node of a cluster. */
export function serverProperties(
  node: NodeAddress,
  nodes: readonly NodeAddress[],
  dataDirectory: string,
  settings: ServerSettings,
): string {
  const properties = {
    ...identity(node, nodes, dataDirectory),
    ...listeners(node, settings.listeners ?? {}),
    ...replication(nodes.length),
    ...quickness,
    'auto.create.topics.enable': String(settings.autoCreate),
    'num.partitions': '4',
    ...settings.overrides,
  }
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${escape(value)}\n`)
    .join('')
}

function identity(
  node: NodeAddress,
  nodes: readonly NodeAddress[],
  dataDirectory: string,
): Record<string, string> {
  const voters = nodes.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`)
  return {
    'process.roles': 'broker,controller',
    'node.id': String(node.id),
    'controller.quorum.voters': voters.join(','),
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': dataDirectory,
  }
}

function listeners(
  node: NodeAddress,
  extra: Readonly<Record<string, ExtraListener>>,
): Record<string, string> {
  const entries = Object.entries(extra)
  const plain = `PLAINTEXT://127.0.0.1:${node.port}`
  const addresses = entries.map(([name, { port }]) => `${name}://127.0.0.1:${port}`)
  const protocols = entries.map(([name, { protocol }]) => `${name}:${protocol}`)
  return {
    listeners: [plain, ...addresses, `CONTROLLER://127.0.0.1:${node.controllerPort}`].join(','),
    'advertised.listeners': [plain, ...addresses].join(','),
    'listener.security.protocol.map': [
      'PLAINTEXT:PLAINTEXT',
      'CONTROLLER:PLAINTEXT',
      ...protocols,
    ].join(','),
    ...Object.fromEntries(
      entries.flatMap(([name, { properties }]) =>
        Object.entries(properties).map(([key, value]) => [
          `listener.name.${name.toLowerCase()}.${key}`,
          value,
        ]),
      ),
    ),
  }
}

/** Three nodes keep every record and go on taking acks=all writes while any one of them is dead. */
function replication(nodeCount: number): Record<string, string> {
  const replicas = String(nodeCount)
  const inSync = nodeCount === 1 ? '1' : '2'
  return {
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
  }
}

const quickness = {
  // A killed broker is noticed by its missing heartbeats only; the default of 9 s makes every
  // fail-over test that slow. Eight heartbeats may be late before a busy machine looks dead.
  'broker.session.timeout.ms': '4000',
  'broker.heartbeat.interval.ms': '500',
  // One partition instead of 50: a consumer group need not wait for 50 logs to be created.
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.num.partitions': '1',
  'group.initial.rebalance.delay.ms': '0',
  // The default takes 128 MiB of heap when the broker starts.
  'log.cleaner.dedupe.buffer.size': '4194304',
  'num.network.threads': '2',
  'num.io.threads': '4',
}

/** Backslash is the one character that Java's properties format would not give back as it is. */
function escape(value: string): string {
  return value.replaceAll('\\', '\\\\')
}
