/**
 * The topic configuration that clients see. Only `cleanup.policy` (a compacted topic takes no record without a key),
 * `max.message.bytes` and `message.timestamp.after.max.ms` have an effect.
 */

/** Types of values, by their numbers in the protocol. */
export const ConfigType = { BOOLEAN: 1, STRING: 2, INT: 3, LONG: 5, DOUBLE: 6, LIST: 7 } as const

/** A configuration key's default and type. */
export interface ConfigDefault {
  readonly value: string
  readonly type: number
}

const { STRING, INT, LONG, LIST } = ConfigType

/** Defaults by key, as Kafka's. */
export const topicConfigs: ReadonlyMap<string, ConfigDefault> = new Map(
  Object.entries({
    'cleanup.policy': { value: 'delete', type: LIST },
    'compression.type': { value: 'producer', type: STRING },
    'delete.retention.ms': { value: '86400000', type: LONG },
    'max.message.bytes': { value: '1048588', type: INT },
    'message.timestamp.after.max.ms': { value: '3600000', type: LONG },
    'message.timestamp.type': { value: 'CreateTime', type: STRING },
    'min.insync.replicas': { value: '1', type: INT },
    'retention.bytes': { value: '-1', type: LONG },
    'retention.ms': { value: '604800000', type: LONG },
    'segment.bytes': { value: '1073741824', type: INT },
  }),
)

/** The default of a key; empty for a key that is not shown. */
export function defaultOf(key: string): string {
  return topicConfigs.get(key)?.value ?? ''
}
