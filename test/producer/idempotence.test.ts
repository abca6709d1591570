import { afterEach, describe, expect, it } from 'vitest'
import { TestCluster, type TestClusterOptions, fault } from '@kprf/embedded-broker/testing'
import { Idempotence } from '../../src/producer/idempotence.ts'
import { TransportError, type ProduceOutcome } from '../../src/producer/transport.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { KprfOnCluster, valuesOf } from '../support/kafkajs-harness.ts'
import { ProducerHarness, record, type HarnessSettings } from '../support/producer-harness.ts'

const UNANSWERED: ProduceOutcome = {
  ...{ status: 'failed', errorNumber: -195, wasSent: true, reason: 'test' },
}
const NEVER_SENT: ProduceOutcome = { ...UNANSWERED, wasSent: false }
const refused = (errorNumber: number): ProduceOutcome => ({ status: 'refused', errorNumber })

/** The first record of a batch expires well before the last. */
const LINGERING = {
  ...{ lingerMs: 500, messageTimeoutMs: 1_000, retries: 1_000, retryBackoffMaxMs: 100 },
}

/** A harness whose producer has its identity. */
function warm(settings: Partial<HarnessSettings> = {}): Promise<ProducerHarness> {
  return ProducerHarness.warm({ enableIdempotence: true, lingerMs: 0, ...settings })
}

/** Sends records, one batch after the other. */
async function sendInTurn(harness: ProducerHarness, ...values: readonly string[]): Promise<void> {
  for (const value of values) {
    await harness.send(record(value))
    await harness.clock.advance(0)
  }
}

describe('an idempotent producer', () => {
  it('numbers the records of each partition from 0', async () => {
    const harness = await warm()

    await harness.send(record('a'), record('b'), record('c', { partition: 1 }))
    await harness.clock.advance(0)
    await harness.send(record('d'), record('e', { partition: 1 }))
    await harness.clock.advance(0)

    expect(harness.transport.requests.map(({ partition }) => partition)).toEqual([0, 1, 0, 1])
    expect(harness.transport.claims).toEqual([
      { producerId: 1, epoch: 0, sequence: 0 },
      { producerId: 1, epoch: 0, sequence: 0 },
      { producerId: 1, epoch: 0, sequence: 2 },
      { producerId: 1, epoch: 0, sequence: 1 },
    ])
  })

  it('sends batches without numbers when it is turned off', async () => {
    const harness = await warm({ enableIdempotence: false })

    await sendInTurn(harness, 'a')

    expect(harness.transport.claims).toEqual([{ producerId: -1, epoch: 0, sequence: 0 }])
    expect(harness.transport.identities).toBe(0)
  })

  it.each([
    ['was never answered', UNANSWERED],
    ['was never sent', NEVER_SENT],
    ['was refused', refused(19)],
  ])('sends a batch that %s again under the same numbers', async (_, outcome) => {
    const harness = await warm()
    await sendInTurn(harness, 'a')
    harness.transport.script.push(outcome)

    await sendInTurn(harness, 'b')
    await harness.clock.advance(200)
    await sendInTurn(harness, 'c')

    expect(harness.transport.claims.map(({ sequence }) => sequence)).toEqual([0, 1, 1, 2])
    expect(harness.transport.claims.map(({ epoch }) => epoch)).toEqual([0, 0, 0, 0])
    expect(harness.renewals).toBe(0)
  })

  it('continues in a newer epoch after it gives up a batch that Kafka may have', async () => {
    const harness = await warm({ retries: 1 })
    harness.transport.script.push(UNANSWERED, UNANSWERED)
    await harness.send(record('a'))
    await harness.clock.advance(500)

    await harness.send(record('b'), record('other', { partition: 1 }))
    await harness.clock.advance(0)

    expect(harness.reports[0]).toMatchObject({ status: 'possiblyPersisted' })
    expect(harness.transport.claims.slice(2)).toEqual([
      { producerId: 1, epoch: 1, sequence: 0 },
      { producerId: 1, epoch: 1, sequence: 0 },
    ])
    expect(harness.renewals).toBe(1)
  })

  it('moves a partition to the newest epoch when its batch is acknowledged, not before', async () => {
    const harness = await warm({ retries: 1 })
    harness.transport.script.push(UNANSWERED, 'hold', UNANSWERED)
    await harness.send(record('a'), record('other', { partition: 1 }))
    await harness.clock.advance(500)

    harness.transport.acknowledgeHeld()
    await harness.clock.advance(0)
    await sendInTurn(harness, 'b')
    await harness.send(record('next', { partition: 1 }))
    await harness.clock.advance(0)

    const inPartition1 = harness.transport.claims.filter(
      (_, index) => harness.transport.requests[index]?.partition === 1,
    )
    expect(inPartition1).toEqual([
      { producerId: 1, epoch: 0, sequence: 0 },
      { producerId: 1, epoch: 1, sequence: 0 },
    ])
  })

  it('starts a new epoch after a batch that expired while it was refused for its number', async () => {
    const harness = await warm({ messageTimeoutMs: 1_000 })
    harness.transport.script.push('hold')
    await harness.send(record('a'))
    await harness.clock.advance(1_100)

    harness.transport.held[0]?.answer(refused(45))
    await harness.clock.advance(0)
    await sendInTurn(harness, 'b')

    expect(harness.reports[0]).toMatchObject({ status: 'possiblyPersisted' })
    expect(harness.transport.claims.at(-1)).toEqual({ producerId: 1, epoch: 1, sequence: 0 })
  })

  it('uses the numbers of a batch again when Kafka surely does not have it', async () => {
    const harness = await warm({ retries: 1 })
    harness.transport.script.push(refused(19), refused(19))
    await harness.send(record('a'), record('b'))
    await harness.clock.advance(500)

    await sendInTurn(harness, 'c')

    expect(harness.reports[0]).toMatchObject({ status: 'notPersisted' })
    expect(harness.transport.claims.at(-1)).toEqual({ producerId: 1, epoch: 0, sequence: 0 })
  })

  it('keeps an expired record in a batch that Kafka may have, and says that it may be there', async () => {
    const harness = await warm(LINGERING)
    harness.transport.script.push(UNANSWERED)
    harness.transport.otherwise = () => NEVER_SENT
    await harness.send(record('first'))
    await harness.clock.advance(400)
    await harness.send(record('second'))
    await harness.clock.advance(605)
    expect(harness.reports).toMatchObject([
      { status: 'possiblyPersisted', error: { number: -192 } },
    ])

    harness.transport.otherwise = undefined
    await harness.clock.advance(1_000)

    expect(harness.reports.slice(1)).toMatchObject([{ status: 'persisted', offset: 1n }])
    expect(harness.transport.values('t', 0)).toEqual(['first', 'second'])
    await sendInTurn(harness, 'third')
    await harness.clock.advance(500)
    expect(harness.transport.claims.at(-1)).toMatchObject({ epoch: 0, sequence: 2 })
  })

  it('takes an expired record out of a batch that Kafka surely does not have', async () => {
    const harness = await warm(LINGERING)
    harness.transport.otherwise = () => refused(19)
    await harness.send(record('first'))
    await harness.clock.advance(400)
    await harness.send(record('second'))
    await harness.clock.advance(605)
    harness.transport.otherwise = undefined
    await harness.clock.advance(1_000)

    expect(harness.reports).toMatchObject([{ status: 'notPersisted' }, { status: 'persisted' }])
    expect(harness.transport.values('t', 0)).toEqual(['second'])
    expect(harness.transport.claims.at(-1)).toMatchObject({ epoch: 0, sequence: 0 })
  })

  it.each([45, 47, 59, 90])(
    'restarts the numbers of the partition when Kafka does not know them (%i), and loses nothing',
    async (errorNumber) => {
      const harness = await warm()
      await sendInTurn(harness, 'a')
      harness.transport.script.push(refused(errorNumber))

      await sendInTurn(harness, 'b')
      await harness.clock.advance(200)

      expect(harness.transport.values('t', 0)).toEqual(['a', 'b'])
      expect(harness.transport.claims.slice(1)).toEqual([
        { producerId: 1, epoch: 0, sequence: 1 },
        { producerId: 1, epoch: 1, sequence: 0 },
      ])
    },
  )

  it('gives up a batch that Kafka may have instead of sending it with other numbers', async () => {
    const harness = await warm()
    harness.transport.script.push(UNANSWERED, refused(45))

    await sendInTurn(harness, 'a')
    await harness.clock.advance(200)

    expect(harness.reports).toMatchObject([{ status: 'possiblyPersisted', error: { number: 45 } }])
    expect(harness.transport.requests).toHaveLength(2)
  })

  it('does not cut a batch in two that Kafka may have', async () => {
    const harness = await warm()
    harness.transport.script.push(UNANSWERED, refused(10))

    await harness.send(record('a'), record('b'))
    await harness.clock.advance(200)

    expect(harness.reports).toMatchObject([
      { status: 'possiblyPersisted', error: { number: 10 } },
      { status: 'possiblyPersisted', error: { number: 10 } },
    ])
    expect(harness.transport.requests).toHaveLength(2)
  })

  it('numbers the halves of a batch that was cut in two one after the other', async () => {
    const harness = await warm()
    harness.transport.script.push(refused(10))

    await harness.send(record('a'), record('b'), record('c'))
    await harness.clock.advance(0)

    expect(harness.transport.claims.map(({ sequence }) => sequence)).toEqual([0, 0, 1])
    expect(harness.transport.values('t', 0)).toEqual(['a', 'b', 'c'])
  })

  it('treats a batch that Kafka reports as a duplicate as delivered, at an unknown offset', async () => {
    const harness = await warm()
    harness.transport.script.push(UNANSWERED, refused(46))

    await sendInTurn(harness, 'a')
    await harness.clock.advance(200)
    await sendInTurn(harness, 'b')

    expect(harness.reports).toMatchObject([
      { status: 'persisted', partition: 0, offset: undefined },
      { status: 'persisted', partition: 0, offset: 0n },
    ])
    expect(harness.transport.claims.at(-1)).toMatchObject({ epoch: 0, sequence: 1 })
  })

  it('counts no possible duplicates', async () => {
    const harness = await warm()
    harness.transport.script.push(UNANSWERED)

    await sendInTurn(harness, 'a')

    expect(harness.retries).toMatchObject([{ mayBePersisted: false }])
  })
})

describe('the identity of an idempotent producer', () => {
  it('is waited for: records stay in the queue until Kafka gives one', async () => {
    const harness = new ProducerHarness({ enableIdempotence: true, lingerMs: 0 })
    harness.transport.identityError = 14
    await harness.send(record('a'))
    await harness.clock.advance(300)
    const before = harness.transport.requests.length

    harness.transport.identityError = 0
    await harness.clock.advance(1_000)

    expect(before).toBe(0)
    expect(harness.transport.values('t', 0)).toEqual(['a'])
  })

  it('is waited for no longer than message.timeout.ms', async () => {
    const harness = new ProducerHarness({ enableIdempotence: true, messageTimeoutMs: 1_000 })
    harness.transport.identityError = 14

    await harness.send(record('a'))
    await harness.clock.advance(1_000)

    expect(harness.reports).toMatchObject([{ status: 'notPersisted', error: { number: -192 } }])
  })

  it('that Kafka does not allow fails records at once, and is asked for again', async () => {
    const harness = new ProducerHarness({ enableIdempotence: true })
    harness.transport.identityError = 31
    await harness.send(record('a'))
    await harness.clock.advance(20)
    expect(harness.reports).toMatchObject([
      { status: 'notPersisted', error: { number: 31, code: 'TOPIC_FORBIDDEN' } },
    ])

    harness.transport.identityError = 0
    await harness.clock.advance(1_000)
    await harness.send(record('b'))
    await harness.clock.advance(20)

    expect(harness.transport.values('t', 0)).toEqual(['b'])
  })

  it('is asked for at once when Kafka comes back', async () => {
    const harness = new ProducerHarness({ enableIdempotence: true, lingerMs: 0 })
    harness.transport.availability = 'down'
    await harness.send(record('a'))
    await harness.clock.advance(1_500)

    harness.transport.comeBack()
    await harness.clock.advance(1)

    expect(harness.transport.values('t', 0)).toEqual(['a'])
  })

  it('is asked for no more once the producer is closed', async () => {
    const harness = new ProducerHarness({ enableIdempotence: true })
    harness.transport.identityError = 14
    await harness.send(record('a'))
    await harness.clock.advance(100)

    await harness.producer.close()

    expect(harness.clock.timers).toBe(0)
  })
})

describe('Idempotence', () => {
  async function start(): Promise<{ idempotence: Idempotence; given: () => number }> {
    const clock = new FakeClock()
    let given = 0
    const idempotence = new Idempotence(
      { retryBackoffMs: 100, retryBackoffMaxMs: 1_000 },
      {
        clock,
        random: () => 0.5,
        initProducerId: () => Promise.resolve({ producerId: BigInt((given += 1)), epoch: 0 }),
        onAnswer: () => undefined,
        onRenewal: () => undefined,
      },
    )
    idempotence.retryNow()
    await clock.advance(0)
    return { idempotence, given: () => given }
  }

  it('counts up to the largest 32-bit integer and then from 0', async () => {
    const { idempotence } = await start()
    idempotence.claim('t', 0)

    idempotence.advance('t', 0, 2 ** 31 - 2)
    const last = idempotence.claim('t', 0)?.sequence
    idempotence.advance('t', 0, 3)

    expect(last).toBe(2 ** 31 - 2)
    expect(idempotence.claim('t', 0)?.sequence).toBe(1)
  })

  it('takes a new identity when the epochs of the old one are used up', async () => {
    const { idempotence, given } = await start()
    for (let epoch = 0; epoch < 32_767; epoch += 1) idempotence.renew('t', 0)
    expect(idempotence.claim('t', 0)).toEqual({ producerId: 1n, epoch: 32_767, sequence: 0 })

    idempotence.renew('t', 0)
    expect(idempotence.claim('t', 0)).toBeUndefined()
    await new Promise(setImmediate)

    expect(given()).toBe(2)
    expect(idempotence.claim('t', 0)).toEqual({ producerId: 2n, epoch: 0, sequence: 0 })
  })

  it('gives a forgotten topic that comes back an identity that it has not seen', async () => {
    const { idempotence } = await start()
    idempotence.claim('kept', 0)
    idempotence.claim('t', 0)
    idempotence.advance('t', 0, 5)

    idempotence.forget('t')
    idempotence.claim('t', 0)
    await new Promise(setImmediate)

    expect(idempotence.claim('t', 0)).toEqual({ producerId: 2n, epoch: 0, sequence: 0 })
    expect(idempotence.claim('kept', 0)).toEqual({ producerId: 1n, epoch: 0, sequence: 0 })
  })

  it('distinguishes a refusal from other failures', async () => {
    const clock = new FakeClock()
    const errors = [new TransportError(31, 'no'), new TransportError(-195, 'nobody there')]
    const idempotence = new Idempotence(
      { retryBackoffMs: 100, retryBackoffMaxMs: 1_000 },
      {
        clock,
        random: () => 0.5,
        initProducerId: () => Promise.reject(errors.shift() ?? new TransportError(-195, '')),
        onAnswer: () => undefined,
        onRenewal: () => undefined,
      },
    )

    idempotence.retryNow()
    await clock.advance(0)
    const first = idempotence.refusalNumber
    await clock.advance(1_000)

    expect(first).toBe(31)
    expect(idempotence.refusalNumber).toBeUndefined()
    idempotence.close()
  })
})

describe('on a broker, an idempotent producer', () => {
  const clusters: TestCluster[] = []
  const programs: KprfOnCluster[] = []

  afterEach(async () => {
    for (const { producer } of programs.splice(0)) await producer.close()
    for (const cluster of clusters.splice(0)) await cluster.close()
  })

  async function start(
    settings: Partial<HarnessSettings> = {},
    options: TestClusterOptions = {},
  ): Promise<{ cluster: TestCluster; kprf: KprfOnCluster }> {
    const cluster = await TestCluster.start({ topics: { t: { partitions: 2 } }, ...options })
    clusters.push(cluster)
    const kprf = new KprfOnCluster(cluster, { enableIdempotence: true, ...settings })
    programs.push(kprf)
    return { cluster, kprf }
  }

  it('stores once what it had to send three times, where the first attempt put it', async () => {
    const { cluster, kprf } = await start()
    cluster.control('Produce', fault.cutAfter(), { times: 2 })

    const reports = await kprf.deliver(record('a'), record('b'))

    expect(reports).toMatchObject([{ offset: 0n }, { offset: 1n }])
    expect(kprf.retried).toEqual([-195, -195])
    expect(valuesOf(cluster, 't')).toEqual(['a', 'b'])
  })

  it('loses nothing behind a batch that was stored and given up', async () => {
    const { cluster, kprf } = await start({ retries: 1, retryBackoffMs: 1 })
    cluster.control('Produce', fault.cutAfter(), { times: 2 })
    const [given] = await kprf.deliver(record('perhaps'))

    const [next] = await kprf.deliver(record('next'))

    expect(given).toMatchObject({ status: 'possiblyPersisted' })
    expect(next).toMatchObject({ status: 'persisted', offset: 1n })
    expect(valuesOf(cluster, 't')).toEqual(['perhaps', 'next'])
  })

  it('catches up in one step where the broker keeps one epoch for all partitions', async () => {
    const { cluster, kprf } = await start(
      { retries: 1, retryBackoffMs: 1 },
      { producerEpochs: 'producer' },
    )
    await kprf.deliver(record('first', { partition: 1 }))
    cluster.control('Produce', fault.cutAfter(), { times: 20 })
    for (let lost = 0; lost < 10; lost += 1) await kprf.deliver(record('perhaps'))
    await kprf.deliver(record('found'))
    kprf.retried.length = 0

    const [next] = await kprf.deliver(record('second', { partition: 1 }))

    expect(next).toMatchObject({ status: 'persisted', offset: 1n })
    expect(kprf.retried).toEqual([47])
  })

  it('is refused when it has no right to the cluster', async () => {
    const { cluster, kprf } = await start()
    cluster.control('InitProducerId', fault.error(31), { keep: true })

    const reports = await kprf.deliver(record('a'))

    expect(reports).toMatchObject([{ status: 'notPersisted', error: { number: 31 } }])
  })
})
