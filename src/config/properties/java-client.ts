/**
 * Settings of Kafka's Java client that librdkafka and kprf do not have. Operators paste them, and a guess by spelling
 * would send them to another setting.
 */

/** What to use instead of a setting of the Java client. */
export interface JavaSetting {
  /** The key or property that does the same; undefined if none is needed. */
  readonly key?: string
  /** What to do, in words that follow a semicolon. */
  readonly words: string
}

const NOT_NEEDED = 'leave it out'
const TLS_OF_NODE: JavaSetting = { words: `${NOT_NEEDED}: Node.js negotiates TLS` }
const CREDENTIALS: JavaSetting = {
  key: 'kafka.user',
  words: 'use kafka.user and kafka.password, or kafka.properties.sasl.oauthbearer.method',
}

function use(key: string, how = ''): JavaSetting {
  return { key, words: `use ${key}${how}` }
}

/** By the name that the Java client gives it. */
const SETTINGS: Readonly<Record<string, JavaSetting>> = {
  'ssl.truststore.location': use(
    'kafka.ssl.ca_file',
    ' with a PEM file, which `keytool -list -rfc -keystore FILE` prints',
  ),
  'ssl.truststore.password': {
    key: 'kafka.ssl.ca_file',
    words: `${NOT_NEEDED}: the PEM file of kafka.ssl.ca_file has no password`,
  },
  'ssl.truststore.type': use('kafka.ssl.ca_file', ' with a PEM file'),
  'ssl.truststore.certificates': use('kafka.properties.ssl.ca.pem'),
  'ssl.keystore.type': {
    words: `${NOT_NEEDED}: kafka.properties.ssl.keystore.location names a PKCS#12 file`,
  },
  'ssl.keystore.key': use('kafka.properties.ssl.key.pem'),
  'ssl.keystore.certificate.chain': use('kafka.properties.ssl.certificate.pem'),
  'ssl.protocol': TLS_OF_NODE,
  'ssl.enabled.protocols': TLS_OF_NODE,
  'ssl.provider': TLS_OF_NODE,
  'ssl.keymanager.algorithm': TLS_OF_NODE,
  'ssl.trustmanager.algorithm': TLS_OF_NODE,
  'ssl.secure.random.implementation': TLS_OF_NODE,
  'ssl.engine.factory.class': TLS_OF_NODE,
  'security.providers': TLS_OF_NODE,
  'sasl.jaas.config': CREDENTIALS,
  'sasl.client.callback.handler.class': CREDENTIALS,
  'sasl.login.callback.handler.class': CREDENTIALS,
  'sasl.login.class': CREDENTIALS,
  'key.serializer': { words: `${NOT_NEEDED}: clients send the bytes of keys and values` },
  'value.serializer': { words: `${NOT_NEEDED}: clients send the bytes of keys and values` },
  'buffer.memory': use('kafka.queue_buffering_max_kbytes', ', in KiB'),
  'max.block.ms': use('kafka.queue_full_wait_ms'),
  'max.request.size': use('kafka.message_max_bytes'),
  'partitioner.class': use('kafka.partitioner', ': murmur2_random is what the Java client does'),
  'partitioner.ignore.keys': use('kafka.partitioner', ': random'),
  'receive.buffer.bytes': use('kafka.properties.socket.receive.buffer.bytes'),
  'send.buffer.bytes': use('kafka.properties.socket.send.buffer.bytes'),
  'compression.gzip.level': use('kafka.properties.compression.level'),
  'compression.lz4.level': use('kafka.properties.compression.level'),
  'compression.zstd.level': use('kafka.properties.compression.level'),
  'metadata.max.idle.ms': use('kafka.properties.metadata.max.age.ms'),
  'socket.connection.setup.timeout.max.ms': use(
    'kafka.properties.socket.connection.setup.timeout.ms',
  ),
  'interceptor.classes': { words: `${NOT_NEEDED}: kprf loads no classes` },
  'metric.reporters': { words: `${NOT_NEEDED}: /metrics has the metrics of kprf` },
}

/** The Java setting of a name in any spelling, with the sentence that explains it; undefined if it is none. */
export function javaSetting(
  name: string,
): { readonly message: string; readonly meant: string | undefined } | undefined {
  const known = Object.keys(SETTINGS).find((java) => {
    const written = canonical(name)
    return written === java || written.endsWith(`.${java}`)
  })
  const setting = known === undefined ? undefined : SETTINGS[known]
  if (known === undefined || !setting) return undefined
  const message = `${known} is a setting of the Java client; ${setting.words}`
  return { message, meant: setting.key }
}

/** A name with dots between its words, in lower case: `bootstrap-servers` is `bootstrap.servers`. */
export function canonical(name: string): string {
  return name
    .replace(/(?<=[a-z])(?=[A-Z])/g, '.')
    .replace(/[_-]/g, '.')
    .toLowerCase()
}
