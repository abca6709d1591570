/** Kafka's own rule for the names of topics. */
const TOPIC_NAME = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/

/** Whether a value is a text that can be the name of a topic. */
export function isTopicName(value: unknown): value is string {
  return typeof value === 'string' && TOPIC_NAME.test(value)
}
