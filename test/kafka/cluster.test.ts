import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from './cluster/command.ts'
import { startCluster, type KafkaCluster } from './cluster/cluster.ts'
import { requireTool } from './cluster/tools.ts'
import { readTopic, readTopicUntil, type StoredRecord } from './support/read-topic.ts'

const timestampMs = 1_700_000_000_123

/** Every byte there is, so that no byte can be special to the reader. */
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))

async function produceWithKcat(
  { bootstrap }: KafkaCluster,
  topic: string,
  args: readonly string[],
  input: Buffer,
): Promise<void> {
  const kcat = await requireTool('kcat')
  await runCommand(kcat, ['-P', '-b', bootstrap, '-t', topic, '-p', '0', ...args], { input })
}

function keysAndValues(records: readonly StoredRecord[]): unknown {
  return records.map(({ key, value }) => [key, value])
}

describe('one broker', () => {
  let cluster: KafkaCluster

  beforeAll(async () => {
    cluster = await startCluster()
  })

  afterAll(async () => {
    await cluster.stop()
  })

  it('tells null keys and values from empty ones', async () => {
    await cluster.createTopic('nulls')

    await produceWithKcat(cluster, 'nulls', ['-K', '|'], Buffer.from('a|1\n|2\n3\nb|\n|\n'))
    await produceWithKcat(cluster, 'nulls', ['-K', '|', '-Z'], Buffer.from('c|\n|\n'))

    expect(keysAndValues(await readTopic(cluster.bootstrap, 'nulls'))).toEqual([
      [Buffer.from('a'), Buffer.from('1')],
      [Buffer.alloc(0), Buffer.from('2')],
      [null, Buffer.from('3')],
      [Buffer.from('b'), Buffer.alloc(0)],
      [Buffer.alloc(0), Buffer.alloc(0)],
      [Buffer.from('c'), null],
      [null, null],
    ])
  })

  it('gives back every byte of keys, values and headers, and timestamps, partitions and offsets', async () => {
    await cluster.createTopic('bytes', { partitions: 2 })
    const kafka = new Kafka({ brokers: cluster.bootstrap.split(','), logLevel: logLevel.NOTHING })
    const producer = kafka.producer()
    await producer.connect()
    const headers = { every: everyByte, 'a=1,b': '', größe: ['1', '2'] }
    const record = { key: everyByte, value: everyByte, headers, timestamp: String(timestampMs) }

    await producer.send({
      topic: 'bytes',
      messages: [
        { ...record, partition: 1 },
        { ...record, partition: 0 },
        { ...record, partition: 1 },
      ],
    })
    await producer.disconnect()

    const stored = {
      key: everyByte,
      value: everyByte,
      headers: [
        { key: 'every', value: everyByte },
        { key: 'a=1,b', value: Buffer.alloc(0) },
        { key: 'größe', value: Buffer.from('1') },
        { key: 'größe', value: Buffer.from('2') },
      ],
      timestampMs,
    }
    expect(await readTopic(cluster.bootstrap, 'bytes')).toEqual([
      { ...stored, partition: 0, offset: 0n },
      { ...stored, partition: 1, offset: 0n },
      { ...stored, partition: 1, offset: 1n },
    ])
  })

  it('rejects the reading of a topic that does not exist', async () => {
    await expect(readTopic(cluster.bootstrap, 'absent')).rejects.toThrow(/Unknown topic/)
  })

  it('creates a topic that a client asks for', async () => {
    await produceWithKcat(cluster, 'asked', [], Buffer.from('1\n'))

    expect(await cluster.describeTopic('asked')).toHaveLength(4)
  })

  it('refuses to create a topic twice and forgets a deleted one', async () => {
    await cluster.createTopic('once', { partitions: 3, config: { 'max.message.bytes': '1000' } })

    await expect(cluster.createTopic('once')).rejects.toThrow('Topic once already exists')
    expect(await cluster.describeTopic('once')).toEqual(
      [0, 1, 2].map((partition) => ({ partition, leader: 1, replicas: [1], isr: [1] })),
    )
    await cluster.deleteTopic('once')
    expect(await cluster.describeTopic('once')).toEqual([])
  })

  it('keeps records and the address over a crash', async () => {
    await cluster.createTopic('kept', { partitions: 1 })
    await produceWithKcat(cluster, 'kept', [], Buffer.from('1\n2\n'))
    const [before] = cluster.brokers.map(({ port, pid }) => ({ port, pid }))

    await cluster.kill(1, 'SIGKILL')
    expect(cluster.brokers[0]?.isRunning).toBe(false)
    await cluster.restart(1)

    const [after] = cluster.brokers
    expect(after?.port).toBe(before?.port)
    expect(after?.pid).not.toBe(before?.pid)
    expect(keysAndValues(await readTopic(cluster.bootstrap, 'kept'))).toEqual([
      [null, Buffer.from('1')],
      [null, Buffer.from('2')],
    ])
  })
})

describe('three brokers', () => {
  let cluster: KafkaCluster

  beforeAll(async () => {
    cluster = await startCluster({ brokers: 3, autoCreate: false })
    await cluster.createTopic('replicated', { partitions: 6 })
  })

  afterAll(async () => {
    await cluster.stop()
  })

  it('moves the leaders off a killed broker and takes it back in sync when it returns', async () => {
    await cluster.kill(1, 'SIGKILL')
    await cluster.waitForTopic('replicated', (partitions) =>
      partitions.every(
        ({ leader, isr }) => leader !== undefined && leader !== 1 && !isr.includes(1),
      ),
    )
    await produceWithKcat(
      cluster,
      'replicated',
      ['-X', 'acks=all'],
      Buffer.from('while one is dead\n'),
    )
    const whileDead = await readTopic(cluster.bootstrap, 'replicated')

    await cluster.restart(1)
    const partitions = await cluster.waitForTopic('replicated', (states) =>
      states.every(({ isr }) => isr.length === 3),
    )

    expect(keysAndValues(whileDead)).toEqual([[null, Buffer.from('while one is dead')]])
    expect(partitions).toHaveLength(6)
  })

  it('counts a suspended broker as dead until it goes on', async () => {
    await cluster.kill(2, 'SIGSTOP')
    await cluster.waitForTopic('replicated', (partitions) =>
      partitions.every(({ leader }) => leader !== undefined && leader !== 2),
    )

    await cluster.kill(2, 'SIGCONT')
    await cluster.waitUntilUp(2)

    await cluster.waitForTopic('replicated', (states) =>
      states.every(({ isr }) => isr.length === 3),
    )
    expect(cluster.brokers.every(({ isRunning }) => isRunning)).toBe(true)
  })

  it('comes back with its records when all brokers have crashed', async () => {
    const before = await readTopic(cluster.bootstrap, 'replicated')
    const ids = cluster.brokers.map(({ id }) => id)

    await Promise.all(ids.map((id) => cluster.kill(id, 'SIGKILL')))
    await Promise.all(ids.map((id) => cluster.restart(id)))
    await cluster.waitForTopic('replicated', (partitions) =>
      partitions.every(({ leader }) => leader !== undefined),
    )

    const { bootstrap } = cluster
    const after = await readTopicUntil((records) => records.length === before.length, {
      bootstrap,
      topic: 'replicated',
      timeoutMs: 10_000,
    })
    expect(before).toHaveLength(1)
    expect(after).toEqual(before)
  })

  it('does not create a topic that a client asks for when told not to', async () => {
    const args = ['-X', 'message.timeout.ms=1000']

    await expect(produceWithKcat(cluster, 'unasked', args, Buffer.from('1\n'))).rejects.toThrow(
      /Message timed out/,
    )

    expect(await cluster.describeTopic('unasked')).toEqual([])
  })
})
