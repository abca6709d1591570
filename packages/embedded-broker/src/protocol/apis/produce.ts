/** Produce: appends record batches to partitions. */
import {
  array,
  int16,
  int32,
  int64,
  nullableBytes,
  nullableString,
  since,
  string,
  struct,
} from '../codec.ts'
import type { RequestOf, ResponseOf } from '../api.ts'

/** Versions and layout of Produce. */
export const produceApi = {
  key: 0,
  name: 'Produce',
  minVersion: 3,
  // librdkafka does not compress unless it sees version 0, so Kafka 4 names it too (KAFKA-18659).
  advertisedMinVersion: 0,
  maxVersion: 11,
  flexibleFrom: 9,
  request: struct({
    transactionalId: nullableString,
    acks: int16,
    timeoutMs: int32,
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ index: int32, records: nullableBytes })),
      }),
    ),
  }),
  response: struct({
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            index: int32,
            errorCode: int16,
            baseOffset: int64,
            logAppendTimeMs: int64,
            logStartOffset: since(5, int64, -1n),
            recordErrors: since(
              8,
              array(struct({ batchIndex: int32, message: nullableString })),
              [],
            ),
            errorMessage: since(8, nullableString, null),
          }),
        ),
      }),
    ),
    throttleTimeMs: int32,
  }),
} as const

/** Body of a Produce request. */
export type ProduceRequest = RequestOf<typeof produceApi>
/** Body of a Produce response. */
export type ProduceResponse = ResponseOf<typeof produceApi>
