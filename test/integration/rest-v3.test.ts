/** `/v3/clusters/{cluster}/topics/{topic}/records` of a real process: a stream in, a stream of receipts out. */
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'
import { SeededRandom, TEST_SEED } from '../support/random.ts'

const STREAMS = 3
const RECORDS = 3_000

interface Receipt {
  readonly error_code: number
  readonly offset?: number
  readonly value?: { readonly size: number }
}

async function start(settings: Readonly<Record<string, string | number>> = {}) {
  const cluster = await TestCluster.start({
    ...{ topics: { t: { partitions: 1 } }, partitionMaxBytes: 2 ** 28 },
  })
  onTestFinished(() => cluster.close())
  const kprf = await startKprf(cluster.bootstrap, settings)
  onTestFinished(() => kprf.destroy())
  return { cluster, kprf }
}

function open({ pushPort }: KprfProcess): ClientRequest {
  return request({
    ...{ host: '127.0.0.1', port: pushPort, method: 'POST' },
    path: '/v3/clusters/c/topics/t/records',
    headers: { 'Content-Type': 'application/json' },
  })
}

async function receiptsOf(sending: ClientRequest): Promise<readonly Receipt[]> {
  const [response] = (await once(sending, 'response')) as [IncomingMessage]
  expect(response.statusCode).toBe(200)
  let text = ''
  for await (const piece of response.setEncoding('utf8')) text += String(piece)
  return text
    .split('\r\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Receipt)
}

it.each<[string, Readonly<Record<string, string | number>>]>([
  ['one process', {}],
  ['two workers', { workers: 2 }],
])(
  'each record gets its receipt, and Kafka has its bytes where that says, with %s',
  async (_, settings) => {
    const { cluster, kprf } = await start(settings)
    const sent = await Promise.all(
      Array.from({ length: STREAMS }, async (_empty, client) => {
        const random = new SeededRandom(TEST_SEED + client)
        const sending = open(kprf)
        const receiving = receiptsOf(sending)
        const values: string[] = []
        for (let n = 0; n < RECORDS; n += 1) {
          const data = `{"client":${client}, "n": ${n + 1}0000000000000000000, "x":"${'é'.repeat(random.below(80))}"}`
          values.push(data)
          const text = `{"value":{"type":"JSON","data":${data}}}${random.pick(['', '\r\n'])}`
          const cut = random.below(text.length)
          sending.write(text.slice(0, cut))
          if (!sending.write(text.slice(cut))) await once(sending, 'drain')
        }
        sending.end()
        return { values, receipts: await receiving }
      }),
    )
    await kprf.stop()

    const stored = cluster.records('t').map(({ value }) => String(value))
    expect(stored).toHaveLength(STREAMS * RECORDS)
    for (const { values, receipts } of sent) {
      expect(receipts).toHaveLength(values.length)
      const told = receipts.map(({ offset = -1 }) => stored[offset])
      expect(told, `seed ${TEST_SEED}`).toEqual(values)
      expect(receipts.map(({ value }) => value?.size)).toEqual(
        values.map((one) => Buffer.byteLength(one)),
      )
    }
  },
  60_000,
)

it('a stop ends a body that would go on, behind the receipts of what arrived', async () => {
  const { cluster, kprf } = await start()
  const sending = open(kprf)
  const receiving = receiptsOf(sending)
  sending.write('{"value":{"type":"JSON","data":1}}')
  await expect.poll(() => cluster.records('t').length).toBe(1)

  const stopped = kprf.stop()

  expect(await receiving).toMatchObject([{ error_code: 200, offset: 0 }, { error_code: 503 }])
  await stopped
})
