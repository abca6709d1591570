import type { DeliveryError } from '../../producer/types.ts'
import type { ProducerEvent } from '../../producer/events.ts'
import type { Problems, Trouble } from './problems.ts'

/** Remembers which records the producer refused, did not deliver, or sends again. */
export function noteEvents(problems: Problems): (event: ProducerEvent) => void {
  return (event) => {
    switch (event.kind) {
      case 'recordsFailed': {
        const { topic, error } = event.failure
        problems.addRecords({ ...troubleOf(error), topic, records: event.records.count })
        break
      }
      case 'recordsRefused': {
        const { topic, error, count: records } = event
        problems.addRecords({ ...troubleOf(error), topic, records })
        break
      }
      case 'batchRetried': {
        const { topic, recordCount: records, reason: text } = event.retry
        problems.add({ code: 'SENT_AGAIN', text, topic, records })
        break
      }
      default:
    }
  }
}

/** Of librdkafka's text, what is in parentheses is for people: `Message production error: X (Broker: ...)`. */
const FOR_PEOPLE = /\((.+)\)$/

function troubleOf({ code, text, detail }: DeliveryError): Trouble {
  return { code, text: detail ?? FOR_PEOPLE.exec(text)?.[1] ?? text }
}
