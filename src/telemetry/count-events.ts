import { nameOfError } from '../producer/delivery-errors.ts'
import type { ProducerEvent } from '../producer/events.ts'
import { ConnectedBrokers } from './connected-brokers.ts'
import type { Metrics } from './metrics/metrics.ts'

/** Counts what happens in the producer in the metrics. */
export function countEvents(metrics: Metrics): (event: ProducerEvent) => void {
  const { producer } = metrics
  const brokers = new ConnectedBrokers()
  return (event) => {
    switch (event.kind) {
      case 'recordsDelivered':
        metrics.recordsDelivered(event.topic, event.records, event.nowMs)
        producer.batchDelivered(event.records.count)
        break
      case 'recordsFailed': {
        const { failure, records, nowMs } = event
        const { topic, error } = failure
        // Names that Kafka does not have are mistakes, and can be many.
        if (error.code !== 'TOPIC_UNKNOWN') metrics.nameTopic(topic)
        metrics.recordsFailed(topic, error.number, records, nowMs)
        producer.recordsFailed(topic, error.code.toLowerCase(), records.count)
        break
      }
      case 'recordsRefused':
        // The queue is full while Kafka is away; all else is refused for what the client sends.
        if (event.error.code === 'BUFFER_FULL') metrics.nameTopic(event.topic)
        metrics.recordsRefused(event.topic, event.error.number, event.count)
        producer.recordsRejected(event.error.code.toLowerCase(), event.count)
        break
      case 'batchRetried': {
        const { topic, errorNumber, recordCount, mayBePersisted } = event.retry
        // A broker was sent its records: Kafka has the topic.
        if (mayBePersisted) metrics.nameTopic(topic)
        producer.recordsRetried(topic, nameOfError(errorNumber), recordCount, mayBePersisted)
        break
      }
      case 'attemptFailed':
        producer.produceFailed(nameOfError(event.errorNumber))
        break
      case 'batchSplit':
        producer.batchSplit()
        break
      case 'requestSending':
        for (const { batch } of event.batches) {
          if (batch.attempts === 0) producer.batchWaited(event.nowMs - batch.firstAdmittedMs)
        }
        break
      case 'batchesSent':
        for (const { sizeBytes } of event.batches) producer.batchSent(sizeBytes)
        break
      case 'batchCompressed':
        producer.batchCompressed(event.plainBytes, event.wireBytes)
        break
      case 'identityRenewed':
        producer.producerRecycled()
        break
      case 'topicCreationAsked':
        producer.topicCreationAsked()
        break
      case 'metadataAnswered':
        producer.metadataAnswered()
        break
      case 'produceAnswered':
        producer.produceAnswered(`${event.broker}`, event.durationMs)
        if (event.throttleMs > 0) producer.throttled(event.throttleMs)
        break
      case 'connectFailed':
        producer.connectFailed()
        break
      case 'authenticationFailed':
        producer.authenticationFailed()
        break
      case 'connectionReached':
        brokers.observe(event)
        producer.brokersConnected(brokers.count)
        break
      case 'connectionClosed':
        brokers.observe(event)
        producer.brokersConnected(brokers.count)
        if (event.end !== undefined && event.end !== 'intended') producer.connectionLost(event.end)
        break
      default:
      // The statistics count everything else.
    }
  }
}
