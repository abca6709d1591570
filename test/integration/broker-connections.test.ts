/** How many connections brokers have from kprf: docs/SCALING.md counts with it. */
import { readFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'

const BROKERS = 4
const PARTITIONS = 8

let cluster: TestCluster
let kprf: KprfProcess

afterEach(async () => {
  await kprf.destroy()
  await cluster.close()
})

/** Established connections that brokers have accepted, as Linux counts them. */
function brokerConnections(): number {
  const ports = new Set(cluster.bootstrap.split(',').map((broker) => Number(broker.split(':')[1])))
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => state === '01' && ports.has(portOf(local))).length
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16)
}

it('a process has one to each broker, and one to a bootstrap address', async () => {
  cluster = await TestCluster.start({
    ...{ brokers: BROKERS, topics: { orders: { partitions: PARTITIONS } } },
  })
  kprf = await startKprf(cluster.bootstrap)
  const records = Array.from({ length: PARTITIONS }, (_, partition) => ({
    ...{ topic: 'orders', data: 'x', partition },
  }))

  for (let push = 0; push < 20; push += 1) {
    const { status } = await kprf.push({ records, wait_for_send: true })
    expect(status).toBe(200)
  }

  await expect.poll(brokerConnections).toBe(BROKERS + 1)
})
