import type { TestCluster, Control } from '@kprf/embedded-broker/testing'
import { arm } from './draw-fault.ts'
import type { ChaosEvent, Schedule } from './schedule.ts'
import type { Outage } from './world/simulated-network.ts'
import type { World } from './world/world.ts'

/** Distance between the old and new port of a broker that moves. */
const MOVED_BY = 100

/** Applies a schedule's events to a cluster, and ends them all. */
export class Turmoil {
  readonly #cluster: TestCluster
  readonly #world: World
  readonly #waits = new Set<Promise<void>>()
  readonly #controls: { readonly name: string; readonly control: Control }[] = []
  readonly #stopped = new Set<number>()
  /** The ports with an outage, by broker. */
  readonly #outages = new Map<number, number>()
  /** Old ports of brokers, which no longer answer. */
  readonly #deserted: number[] = []
  /** The ports of brokers that have moved. */
  readonly #movedPorts = new Map<number, number>()
  readonly #happened = new Map<string, number>()
  /** Deleted topics. */
  readonly deleted = new Set<string>()
  /** The partition counts that each topic has had. */
  readonly partitionCounts = new Map<string, Set<number>>()

  constructor(cluster: TestCluster, { topics }: Schedule, world: World) {
    this.#cluster = cluster
    this.#world = world
    for (const { name, partitions } of topics) this.partitionCounts.set(name, new Set([partitions]))
  }

  /** How often each kind of fault affected a request or occurred. */
  get happened(): ReadonlyMap<string, number> {
    const counts = new Map(this.#happened)
    for (const { name, control } of this.#controls) {
      counts.set(name, (counts.get(name) ?? 0) + control.appliedCount)
    }
    return counts
  }

  /** Runs all events, each at its time. */
  async run(events: readonly ChaosEvent[]): Promise<void> {
    await Promise.all(
      events.map(async (event) => {
        await this.#world.time.sleep(event.atMs)
        await this.#happen(event)
      }),
    )
  }

  /** Ends all faults: every broker is up, every partition has a leader, no request has a fault. */
  async end(): Promise<void> {
    this.#cluster.clearControls()
    for (const id of this.#outages.keys()) this.#endOutage(id)
    for (const id of this.#stopped) await this.#start(id)
    for (const [topic, counts] of this.partitionCounts) {
      if (!this.#cluster.topicNames().includes(topic)) continue
      for (let partition = 0; partition < Math.max(...counts); partition += 1) {
        if (this.#cluster.leaderOf(topic, partition) === -1) {
          this.#cluster.moveLeader(topic, partition, 1)
        }
      }
    }
  }

  /** Resolves when every delayed request and packet has continued. */
  async released(): Promise<void> {
    for (const port of this.#deserted) this.#world.network.end(port)
    while (this.#waits.size > 0) await Promise.all(this.#waits)
    await this.#world.time.sleep(0)
  }

  async #happen(event: ChaosEvent): Promise<void> {
    const cluster = this.#cluster
    if (event.kind === 'fault') {
      this.#arm(event)
      return
    }
    if (this.#isMoot(event)) return
    this.#happened.set(event.kind, (this.#happened.get(event.kind) ?? 0) + 1)
    switch (event.kind) {
      case 'stopBroker':
        return this.#stop(event.brokerId, event.forMs)
      case 'hung':
      case 'cut':
        return this.#interrupt(event)
      case 'cutConnections':
        cluster.cutConnections(event.brokerId)
        return
      case 'moveLeader':
        cluster.moveLeader(event.topic, event.partition, event.brokerId)
        return
      case 'deleteTopic':
        this.deleted.add(event.topic)
        cluster.deleteTopic(event.topic)
        return
      case 'createTopic': {
        const { name, ...limits } = event.topic
        cluster.createTopic(name, limits)
        this.partitionCounts.set(name, new Set([limits.partitions]))
        return
      }
      case 'recreateTopic':
        return this.#recreate(event)
      case 'moveCluster':
        return this.#move(event.outage)
      case 'holdUp':
        this.#world.loop.holdUp(event.forMs)
        await this.#world.time.sleep(event.forMs)
        return
      case 'addPartitions':
        cluster.addPartitions(event.topic, event.count)
        this.partitionCounts.get(event.topic)?.add(event.count)
    }
  }

  #arm({ api, fault, times, brokerId, topic }: ChaosEvent & { readonly kind: 'fault' }): void {
    const options = {
      times,
      ...(brokerId === undefined ? {} : { brokerId }),
      ...(topic === undefined ? {} : { topic }),
    }
    const control = arm(this.#cluster, api, fault, options, (ms) => this.#wait(ms))
    this.#controls.push({ name: `${api} ${fault.kind}`, control })
  }

  /** Whether the event concerns something that does not exist. */
  #isMoot(event: ChaosEvent): boolean {
    switch (event.kind) {
      case 'stopBroker':
        return this.#stopped.has(event.brokerId)
      case 'hung':
      case 'cut':
        return this.#outages.has(event.brokerId)
      case 'moveLeader':
        return !this.#has(event.topic) || this.#stopped.has(event.brokerId)
      case 'deleteTopic':
        return !this.#has(event.topic)
      case 'addPartitions': {
        const counts = this.partitionCounts.get(event.topic) ?? []
        return !this.#has(event.topic) || event.count <= Math.max(...counts)
      }
      case 'recreateTopic':
        return !this.#has(event.topic.name)
      case 'fault':
      case 'holdUp':
      case 'cutConnections':
        return false
      case 'moveCluster':
        return this.#deserted.length > 0
      case 'createTopic':
        return this.#has(event.topic.name)
    }
  }

  #has(topic: string): boolean {
    return this.#cluster.topicNames().includes(topic)
  }

  async #stop(id: number, forMs: number): Promise<void> {
    this.#stopped.add(id)
    await this.#cluster.stopBroker(id)
    await this.#world.time.sleep(forMs)
    await this.#start(id)
  }

  async #recreate({ topic, afterMs }: ChaosEvent & { kind: 'recreateTopic' }): Promise<void> {
    const { name, ...limits } = topic
    this.deleted.add(name)
    this.#cluster.deleteTopic(name)
    await this.#world.time.sleep(afterMs)
    if (this.#has(name)) return
    this.#cluster.createTopic(name, limits)
    this.partitionCounts.set(name, new Set([limits.partitions]))
  }

  /** Moves all brokers. Their outages stay at the old ports, which no longer answer. */
  async #move(outage: Outage): Promise<void> {
    const ids = this.#cluster.brokerIds
    for (const id of ids) {
      const port = this.#portOf(id)
      this.#deserted.push(port)
      this.#outages.delete(id)
      this.#movedPorts.set(id, port + MOVED_BY)
      this.#world.network.begin(port, outage)
    }
    const moving = ids.filter((id) => !this.#stopped.has(id))
    for (const id of moving) this.#stopped.add(id)
    for (const id of moving) await this.#cluster.stopBroker(id)
    for (const id of moving) await this.#start(id)
  }

  async #interrupt(event: ChaosEvent & { readonly kind: Outage }): Promise<void> {
    const { kind, brokerId, forMs, noticedAfterMs = Infinity } = event
    const port = this.#portOf(brokerId)
    this.#outages.set(brokerId, port)
    this.#world.network.begin(port, kind)
    await this.#world.time.sleep(Math.min(forMs, noticedAfterMs))
    if (noticedAfterMs < forMs) {
      this.#giveAway(brokerId)
      await this.#world.time.sleep(forMs - noticedAfterMs)
    }
    if (this.#outages.get(brokerId) === port) this.#endOutage(brokerId)
  }

  /** Moves the partitions of a broker to the next one that is up, if there is one. */
  #giveAway(brokerId: number): void {
    const heirs = this.#cluster.brokerIds.filter(
      (id) => id !== brokerId && !this.#stopped.has(id) && !this.#outages.has(id),
    )
    for (const [topic, counts] of this.partitionCounts) {
      if (!this.#has(topic)) continue
      for (let partition = 0; partition < Math.max(...counts); partition += 1) {
        const heir = heirs[partition % heirs.length]
        if (heir !== undefined && this.#cluster.leaderOf(topic, partition) === brokerId) {
          this.#cluster.moveLeader(topic, partition, heir)
        }
      }
    }
  }

  #endOutage(brokerId: number): void {
    const port = this.#outages.get(brokerId)
    if (port === undefined) return
    this.#outages.delete(brokerId)
    this.#world.network.end(port)
  }

  #portOf(brokerId: number): number {
    const address = this.#cluster.bootstrap.split(',')[brokerId - 1]
    return Number(address?.split(':')[1])
  }

  async #start(id: number): Promise<void> {
    if (!this.#stopped.has(id)) return
    await this.#cluster.startBroker(id, this.#movedPorts.get(id))
    this.#stopped.delete(id)
  }

  #wait(ms: number): Promise<void> {
    const wait = this.#world.time.sleep(ms).then(() => {
      this.#waits.delete(wait)
    })
    this.#waits.add(wait)
    return wait
  }
}
