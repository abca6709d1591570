/** InitProducerId: gives an idempotent producer its id. */
import { int16, int32, int64, nullableString, since, struct } from '../codec.ts'

/** Versions and layout of InitProducerId. */
export const initProducerIdApi = {
  key: 22,
  name: 'InitProducerId',
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 2,
  request: struct({
    transactionalId: nullableString,
    transactionTimeoutMs: int32,
    producerId: since(3, int64, -1n),
    producerEpoch: since(3, int16, -1),
  }),
  response: struct({
    throttleTimeMs: int32,
    errorCode: int16,
    producerId: int64,
    producerEpoch: int16,
  }),
} as const
