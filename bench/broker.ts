/**
 * Embedded brokers in a separate process: `node bench/broker.ts TOPIC=PARTITIONS…`. Old records are dropped for new
 * ones, so a benchmark may run for any time.
 */
import { EmbeddedCluster } from '@kprf/embedded-broker'

const topics = Object.fromEntries(
  process.argv.slice(2).map((argument) => {
    const [topic = '', partitions = '1'] = argument.split('=')
    return [topic, { partitions: Number(partitions) }]
  }),
)
const cluster = await EmbeddedCluster.start({
  topics,
  autoCreateTopics: false,
  partitionMaxBytes: 4_194_304,
})
console.log(`brokers ${cluster.bootstrap}`)
