/** Counts the refused records of a push by topic and error, so that metrics need not be told of each by itself. */
import type { DeliveryError, ProducerRecord, Refusals } from './types.ts'

/** Calls `report` once for each topic and error. Errors of one kind must be the same object. */
export function countRefusals(
  records: readonly ProducerRecord[],
  refusals: Refusals,
  report: (topic: string, error: DeliveryError, count: number) => void,
): void {
  const counts = new Map<DeliveryError, Map<string, number>>()
  let topic = ''
  let error: DeliveryError | undefined
  let count = 0
  // Nearly always a whole run of records has the same topic and error.
  const endRun = (): void => {
    if (!error) return
    let byTopic = counts.get(error)
    if (!byTopic) counts.set(error, (byTopic = new Map<string, number>()))
    byTopic.set(topic, (byTopic.get(topic) ?? 0) + count)
  }
  for (let index = 0; index < refusals.length; index += 1) {
    const refusal = refusals[index]
    if (!refusal) continue
    const refused = records[index]?.topic ?? ''
    if (refusal !== error || refused !== topic) {
      endRun()
      topic = refused
      error = refusal
      count = 0
    }
    count += 1
  }
  endRun()
  for (const [refusal, byTopic] of counts) {
    for (const [refused, number] of byTopic) report(refused, refusal, number)
  }
}
