import type { KafkaCluster } from '../cluster/cluster.ts'

/** Resumes suspended brokers and starts dead ones, so that a failed test does not affect the next. */
export async function reviveBrokers(cluster: KafkaCluster): Promise<void> {
  const dead = cluster.brokers.filter(({ isRunning }) => !isRunning)
  await Promise.all(cluster.brokers.map(({ id }) => cluster.kill(id, 'SIGCONT')))
  await Promise.all(dead.map(({ id }) => cluster.restart(id)))
}
