import { CHOSEN_TOPICS, quantiles, rate, type Row, sumOfRates } from '../panel.ts'

export const DELIVERY: Row = {
  title: 'Delivery',
  panels: [
    {
      kind: 'lines',
      title: 'Time until Kafka has a record',
      description:
        'From the admission of a record to the answer of Kafka. sync: the client waits for it.',
      unit: 's',
      width: 12,
      queries: quantiles('kprf_delivery_latency_seconds', [0.5, 0.99, 0.999], { by: ['mode'] }),
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Wait in the queue',
      description:
        'From the admission of the oldest record of a batch until the batch is first sent.',
      unit: 's',
      width: 12,
      queries: quantiles('kprf_queue_wait_seconds', [0.5, 0.99]),
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Topics with most records',
      description: 'Delivered records per second, the ten topics with most.',
      unit: 'cps',
      width: 12,
      queries: [
        {
          expr: `topk(10, ${sumOfRates('kprf_records_delivered_total', 'topic', CHOSEN_TOPICS)})`,
          legend: '{{topic}}',
        },
      ],
      min: 0,
      alerts: ['KprfNothingDelivered'],
    },
    {
      kind: 'lines',
      title: 'Slowest topics',
      description:
        'Average time from the admission of a record to its delivery report, the ten slowest topics.',
      unit: 'ms',
      width: 12,
      queries: [
        {
          // Topics without records have no average.
          expr: `topk(10, ${sumOfRates('kafka_message_send_duration_sum', 'topic', CHOSEN_TOPICS)} / (${sumOfRates('kafka_message_send_duration_count', 'topic', CHOSEN_TOPICS)} > 0))`,
          legend: '{{topic}}',
        },
      ],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Retries',
      description: "Records per second that were sent again, by librdkafka's name of the error.",
      unit: 'cps',
      width: 6,
      queries: [{ expr: sumOfRates('kprf_produce_retries_total', 'reason'), legend: '{{reason}}' }],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Failures by reason',
      description:
        'Records per second that were admitted and not delivered, by the code in docs/ERRORS.md.',
      unit: 'cps',
      width: 6,
      queries: [
        {
          expr: sumOfRates('kprf_records_failed_total', 'reason', CHOSEN_TOPICS),
          legend: '{{reason}}',
        },
      ],
      min: 0,
      alerts: ['KprfRecordErrors', 'KprfErrorBudgetBurnsFast'],
    },
    {
      kind: 'lines',
      title: 'Failures by topic',
      description: 'The same, the ten topics with most.',
      unit: 'cps',
      width: 6,
      queries: [
        {
          expr: `topk(10, ${sumOfRates('kprf_records_failed_total', 'topic', CHOSEN_TOPICS)})`,
          legend: '{{topic}}',
        },
      ],
      min: 0,
      alerts: ['KprfRecordErrors'],
    },
    {
      kind: 'lines',
      title: 'Possible duplicates',
      description:
        'Records per second that were sent again after an attempt that may have succeeded. With kafka.enable_idempotence Kafka stores them once.',
      unit: 'cps',
      width: 6,
      queries: [
        {
          expr: sumOfRates('kprf_possible_duplicates_total', 'topic', CHOSEN_TOPICS),
          legend: '{{topic}}',
        },
      ],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Records of a batch',
      description:
        'Average of the delivered batches. More records in a batch cost Kafka and kprf less.',
      unit: 'short',
      width: 8,
      queries: [
        {
          expr: `sum(${rate('kprf_batch_records_sum')}) / (sum(${rate('kprf_batch_records_count')}) > 0)`,
          legend: 'records',
        },
      ],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Size of batches',
      description: 'Bytes of the batches that were sent, compressed if they are.',
      unit: 'bytes',
      width: 8,
      queries: quantiles('kprf_batch_bytes', [0.5, 0.99]),
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Compression',
      description: 'Average ratio of the bytes of a batch to its compressed bytes.',
      unit: 'short',
      width: 8,
      queries: [
        {
          expr: `sum(${rate('kprf_compression_ratio_sum')}) / (sum(${rate('kprf_compression_ratio_count')}) > 0)`,
          legend: 'ratio',
        },
      ],
      min: 0,
    },
  ],
}
