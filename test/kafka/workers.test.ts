import { afterEach, expect, it } from 'vitest'
import { startCluster, type KafkaCluster } from './cluster/cluster.ts'
import { HttpClient } from '../support/http-client.ts'
import { startKprf, type KprfProcess } from '../support/kprf-process.ts'
import { readTopic } from './support/read-topic.ts'
import { textsOf } from './support/records.ts'

const clients = 8

let cluster: KafkaCluster | undefined
let kprf: KprfProcess | undefined

afterEach(async () => {
  await kprf?.destroy()
  await cluster?.stop()
})

it('two workers that are replaced under load deliver every record once', async () => {
  cluster = await startCluster({ brokers: 1 })
  await cluster.createTopic('orders', { partitions: 4 })
  const started = (kprf = await startKprf(cluster.bootstrap, { workers: 2 }))
  await started.logged('Kafka is reachable')
  let isDone = false
  const failures: number[] = []
  const sent: string[] = []
  const pushing = Array.from({ length: clients }, async (_, client) => {
    // Half of them keep their connection, half open one for each push.
    const http = new HttpClient(started.pushPort, { keepAlive: client % 2 === 0 })
    for (let index = 0; !isDone; index += 1) {
      const data = `${client} ${index}`
      const record = { topic: 'orders', key: `${client}`, data }
      const push = { records: [record], wait_for_send: index % 2 === 0 }
      const { status } = await http.post('/push', JSON.stringify(push))
      if (status === 200) sent.push(data)
      else failures.push(status)
    }
    http.close()
  })

  started.signal('SIGUSR2')
  await started.logged('the workers were restarted', undefined, 120_000)
  isDone = true
  await Promise.all(pushing)
  const { exitCode } = await started.stop()

  const stored = textsOf(await readTopic(cluster.bootstrap, 'orders'))
  console.log(`${sent.length} records pushed while two workers were replaced`)
  expect(failures).toEqual([])
  expect(stored.toSorted()).toEqual(sent.toSorted())
  expect(exitCode).toBe(0)
})
