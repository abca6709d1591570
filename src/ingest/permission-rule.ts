import type { DeliveryError, ProducerRecord } from '../producer/types.ts'
import type { AdmissionRule, RuledCall } from './admission-rule.ts'
import type { Forbidden, Permissions } from './permissions.ts'

/** Receives the number of records that were refused because of their topic. */
export interface PermissionObserver {
  countForbidden(topic: string, reason: Forbidden, records: number): void
}

/** The number is that of docs/ERRORS.md. */
const FORBIDDEN: Readonly<Record<Forbidden, DeliveryError>> = {
  internal: errorOf('topics that begin with __ belong to Kafka, and no client may write to them'),
  topics: errorOf('the topic is not among those that can be written to (http.topics.allow)'),
  acl: errorOf('the client may not write to the topic (http.acl)'),
}

/** Refuses records for topics that their client may not write to. */
export class PermissionRule implements AdmissionRule {
  readonly #permissions: Permissions
  readonly #observer: PermissionObserver

  constructor(permissions: Permissions, observer: PermissionObserver) {
    this.#permissions = permissions
    this.#observer = observer
  }

  check(records: readonly ProducerRecord[], call: RuledCall): undefined {
    const { name } = call.principal
    let counts: Map<string, { readonly reason: Forbidden; records: number }> | undefined
    let lastTopic: string | undefined
    let reason: Forbidden | undefined
    for (const [index, { topic }] of records.entries()) {
      if (call.isRefused(index)) continue
      // Most pushes have records of one topic only.
      if (topic !== lastTopic) reason = this.#permissions.whyNotProduce(name, topic)
      lastTopic = topic
      if (reason === undefined) continue
      call.refused(index, FORBIDDEN[reason], topic)
      counts ??= new Map()
      const count = counts.get(topic)
      if (count === undefined) counts.set(topic, { reason, records: 1 })
      else count.records += 1
    }
    for (const [topic, count] of counts ?? []) {
      this.#observer.countForbidden(topic, count.reason, count.records)
    }
  }
}

function errorOf(text: string): DeliveryError {
  return { number: 40_301, text, code: 'TOPIC_FORBIDDEN' }
}
