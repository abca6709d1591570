/**
 * How a broker is found: on simulated brokers, a simulated network and simulated time, so that what takes long can be
 * measured.
 */
import { describe, expect, it } from 'vitest'
import { World } from '../../simulation/world/world.ts'
import type { Outage } from '../../simulation/world/simulated-network.ts'
import { TestCluster, fault } from '@kprf/embedded-broker/testing'
import { KafkajsTransport } from '../../../src/producer/kafkajs/kafkajs-transport.ts'
import type { KafkajsTransportSettings } from '../../../src/producer/kafkajs/settings.ts'
import { DEFAULT_TRANSPORT_SETTINGS } from '../../support/default-settings.ts'
import { RecordingEvents } from '../../support/recording-events.ts'

const PORT = 9_000
const MOVED_PORT = 9_500
const NAME = 'kafka.example'
const RECOVERY_MS = 10_000

/** A cluster, and a transport that knows it by a name. */
class Scene {
  readonly world: World
  readonly cluster: TestCluster
  readonly transport: KafkajsTransport
  /** Reasons why Kafka was not reachable. */
  readonly reasons: string[] = []

  constructor(world: World, cluster: TestCluster, settings: Partial<KafkajsTransportSettings>) {
    this.world = world
    this.cluster = cluster
    const { clock } = world.loop
    this.transport = new KafkajsTransport(
      { ...DEFAULT_TRANSPORT_SETTINGS, brokers: [`${NAME}:9092`], clientId: 'test', ...settings },
      {
        clock,
        random: world.dice.next,
        log: (_, message, fields) => {
          if (message === 'Kafka is not reachable') this.reasons.push(String(fields['reason']))
        },
        events: new RecordingEvents(),
        connect: world.network.connect,
      },
    )
  }

  get ports(): readonly number[] {
    return this.cluster.bootstrap.split(',').map((address) => Number(address.split(':')[1]))
  }

  /** Moves the brokers and the name to other addresses; nothing answers at the old ones. */
  async move(outage: Outage): Promise<void> {
    for (const port of this.ports) this.world.network.begin(port, outage)
    for (const id of this.cluster.brokerIds) await this.cluster.stopBroker(id)
    for (const id of this.cluster.brokerIds) {
      await this.cluster.startBroker(id, MOVED_PORT + id)
    }
  }

  /** Asks for metadata, as the producer does, until it is there. Returns how long that took. */
  async askUntilAnswered(timeoutMs = 60_000): Promise<number> {
    const startedMs = this.world.time.nowMs()
    for (;;) {
      const answer = await this.transport.fetchMetadata(['t']).catch(() => undefined)
      const tookMs = this.world.time.nowMs() - startedMs
      if (answer || tookMs > timeoutMs) return tookMs
      await this.world.time.sleep(100)
    }
  }
}

/** Runs a test on a cluster of this many brokers. */
async function play(
  brokers: number,
  scene: (scene: Scene) => Promise<void>,
  settings: Partial<KafkajsTransportSettings> = {},
): Promise<void> {
  const world = new World(7)
  await world.run(async () => {
    const cluster = await TestCluster.start({
      ...{ brokers, port: PORT, topics: { t: { partitions: brokers } }, autoCreateTopics: false },
      ...{ clock: world.time, createServer: world.network.createServer },
    })
    const one = new Scene(world, cluster, settings)
    let turn = 0
    world.network.resolve(NAME, () => one.ports[(turn += 1) % brokers] ?? 0)
    const old = one.ports
    try {
      await one.askUntilAnswered()
      await scene(one)
    } finally {
      await one.transport.close()
      for (const port of old) world.network.end(port)
      await cluster.close()
    }
  })
}

describe.each([1, 3, 10, 30])('a cluster of %i brokers', (brokers) => {
  it.each(['hung', 'cut'] as const)(
    'that moved behind the bootstrap name is found within 10 s (the old addresses: %s)',
    async (outage) => {
      await play(brokers, async (scene) => {
        await scene.move(outage)

        expect(await scene.askUntilAnswered()).toBeLessThan(RECOVERY_MS)
        const { brokers: found } = await scene.transport.fetchMetadata(['t'])
        expect(found.map(({ port }) => port)).toEqual(scene.ports)
      })
    },
  )

  it.each(['hung', 'cut'] as const)(
    'of which all but one are silent (%s) is found within 10 s, also if kprf knows no other broker',
    async (outage) => {
      await play(brokers + 1, async (scene) => {
        const { world, ports } = scene
        for (const port of ports.slice(1)) world.network.begin(port, outage)
        world.network.resolve(NAME, () => ports[1] ?? 0)

        expect(await scene.askUntilAnswered()).toBeLessThan(RECOVERY_MS)
        for (const port of ports) world.network.end(port)
      })
    },
  )
})

describe('the bootstrap addresses', () => {
  it('are asked before any broker is known, several at once: one that answers is found soon', async () => {
    const world = new World(7)
    await world.run(async () => {
      const cluster = await TestCluster.start({
        ...{ port: PORT, clock: world.time, createServer: world.network.createServer },
      })
      for (let port = 1; port <= 9; port += 1) world.network.begin(port, 'cut')
      const silent = Array.from({ length: 9 }, (_, index) => `127.0.0.1:${index + 1}`)
      const scene = new Scene(world, cluster, { brokers: [...silent, `127.0.0.1:${PORT}`] })

      expect(await scene.askUntilAnswered()).toBeLessThan(3_000)
      await scene.transport.close()
      await cluster.close()
      for (let port = 1; port <= 9; port += 1) world.network.end(port)
    })
  })

  it('are not asked with metadata.recovery.strategy none, once brokers are known', async () => {
    await play(
      3,
      async (scene) => {
        await scene.move('hung')

        expect(await scene.askUntilAnswered(120_000)).toBeGreaterThan(120_000)
      },
      { rebootstrap: { isAllowed: false, triggerMs: 0 } },
    )
  })

  it('are asked once all known brokers have failed, before metadata.recovery.rebootstrap.trigger.ms', async () => {
    await play(
      3,
      async (scene) => {
        await scene.move('cut')
        const asked: string[] = []
        scene.world.network.resolve(NAME, () => {
          asked.push('the name')
          return scene.ports[0] ?? 0
        })

        const tookMs = await scene.askUntilAnswered()

        // Connecting to each of the three has taken five seconds, all at the same time.
        expect(tookMs).toBeGreaterThan(5_000)
        expect(tookMs).toBeLessThan(RECOVERY_MS)
        expect(asked).not.toEqual([])
      },
      { rebootstrap: { isAllowed: true, triggerMs: 300_000 } },
    )
  })

  it('are asked when a broker requires a rebootstrap', async () => {
    await play(2, async ({ cluster, world, ports, transport }) => {
      const lie = fault.metadataLie({ topic: 't', topicErrorCode: 129 })
      const lied = cluster.control('Metadata', lie)
      const asked: string[] = []
      world.network.resolve(NAME, () => {
        asked.push('the name')
        return ports[0] ?? 0
      })

      const { topics } = await transport.fetchMetadata(['t'])

      expect(lied.appliedCount).toBe(1)
      expect(asked).not.toEqual([])
      expect(topics).toMatchObject([{ name: 't', errorNumber: 0 }])
    })
  })

  it('are left once a broker is connected that metadata names', async () => {
    await play(2, async ({ cluster, transport, world, ports }) => {
      for (const id of cluster.brokerIds) cluster.cutConnections(id)
      await world.time.sleep(100)
      for (let times = 0; times < 3; times += 1) await transport.fetchMetadata(['t'])
      await world.time.sleep(100)

      const open = ports.map((port) => world.network.clientsOf(port))
      expect(open.toSorted()).toEqual([0, 2])
    })
  })
})

describe('an answer that names no brokers', () => {
  it('does not count: another broker is asked, and the known brokers stay', async () => {
    await play(2, async ({ cluster, transport }) => {
      const empty = cluster.control(
        'Metadata',
        fault.rewrite((answer) => ({ ...answer, brokers: [] })),
      )

      await expect(
        transport.fetchMetadata(['t']).then(({ brokers }) => brokers),
      ).resolves.toHaveLength(2)
      expect(empty.appliedCount).toBe(1)
    })
  })
})
