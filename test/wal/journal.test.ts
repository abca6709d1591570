import { describe, expect, it } from 'vitest'
import { ANONYMOUS } from '../../src/base/principal.ts'
import { PushCall } from '../../src/ingest/push-call.ts'
import { deliveryError, RDKAFKA } from '../../src/producer/delivery-errors.ts'
import { ProducerEvents } from '../../src/producer/events.ts'
import type { ProducerRecord } from '../../src/producer/types.ts'
import { Journal } from '../../src/wal/journal.ts'
import { IndexSet } from '../../src/wal/acknowledgements.ts'
import { Segment } from '../../src/wal/segment.ts'
import { LogError } from '../../src/wal/log-types.ts'
import { FakeClock } from '../support/fake-clock.ts'

const RECORD: ProducerRecord = {
  ...{ topic: 't', partition: undefined, key: null, value: 'v', headers: [] },
  timestampMs: undefined,
}

const SEGMENT = new Segment({
  ...{ number: 1, salt: 0, endBytes: 0, isSealed: false, generation: 1 },
  settledBefore: new IndexSet(),
})

/** The call of a push of two records, of which Kafka would refuse the first. */
function pushTo(append: () => Promise<Segment>): PushCall {
  const journal = new Journal({
    log: { append },
    keys: undefined,
    producer: {
      vet: ({ value }) =>
        value === 'bad' ? deliveryError(RDKAFKA.messageSizeTooLarge) : undefined,
    },
    clock: new FakeClock(),
    events: new ProducerEvents(),
  })
  const call = new PushCall({
    keepsReports: false,
    ...{ principal: ANONYMOUS, recordCount: 2, deliveryTimeoutMs: 1, roomWaitMs: 0 },
    ...{ acceptedBy: { deliveryTimeoutMs: 1 }, onAdmission: undefined },
  })
  journal.sendAll([{ ...RECORD, value: 'bad' }, RECORD], call)
  return call
}

describe('a push that does not wait', () => {
  it('ends once the log has it, without the records that Kafka would refuse', async () => {
    const call = pushTo(() => Promise.resolve(SEGMENT))
    await call.done

    expect(call.failures).toMatchObject([{ error: { code: 'RECORD_TOO_LARGE' } }, undefined])
  })

  it.each([
    ['full', 'LOG_FULL'],
    ['tooLarge', 'PUSH_TOO_LARGE'],
    ['failed', 'LOG_FAILED'],
    ['closed', 'PRODUCER_DRAINING'],
  ] as const)('is refused by a log that is %s with %s', async (kind, code) => {
    const call = pushTo(() => Promise.reject(new LogError(kind, 'because')))
    await call.done

    expect(call.failures?.[1]).toMatchObject({ status: 'notPersisted', error: { code } })
  })

  it.each([
    ['rejects', (): Promise<Segment> => Promise.reject(new RangeError('a bug'))],
    [
      'throws',
      (): Promise<Segment> => {
        throw new RangeError('a bug')
      },
    ],
  ])('ends with an internal error if the log %s because of a bug', async (_how, append) => {
    await expect(pushTo(append).done).rejects.toThrow('a bug')
  })
})
