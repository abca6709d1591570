import { runCommand } from '../../kafka/cluster/command.ts'
import { requireTool } from '../../kafka/cluster/tools.ts'
import type { Connection, KafkaClient } from './client.ts'
import { linesOf, protocolOf } from './client.ts'

function connectionArguments(connection: Connection): readonly string[] {
  const { bootstrap, authorityPath, sasl } = connection
  const properties = {
    'security.protocol': protocolOf(connection),
    ...(authorityPath !== undefined && { 'ssl.ca.location': authorityPath }),
    ...(sasl && { 'sasl.mechanism': sasl.mechanism }),
    ...(sasl?.mechanism === 'OAUTHBEARER'
      ? {
          'enable.sasl.oauthbearer.unsecure.jwt': 'true',
          'sasl.oauthbearer.config': `principal=${sasl.username}`,
        }
      : sasl && { 'sasl.username': sasl.username, 'sasl.password': sasl.password }),
  }
  const pairs = Object.entries(properties).flatMap(([key, value]) => ['-X', `${key}=${value}`])
  return ['-b', bootstrap, ...pairs]
}

/** kcat, and so librdkafka. */
export const kcat: KafkaClient = {
  name: 'kcat',
  lacks: [],
  async version() {
    const { stdout } = await runCommand(await requireTool('kcat'), ['-V'])
    const [, own, library] = /Version (\S+) .*librdkafka (\S+)/s.exec(stdout.toString()) ?? []
    return `${own ?? '?'}, librdkafka ${library ?? '?'}`
  },
  async produce({ topic, values, compression = 'none', isIdempotent = false, ...connection }) {
    await runCommand(
      await requireTool('kcat'),
      [
        ...['-P', '-t', topic, '-z', compression, '-X', `enable.idempotence=${isIdempotent}`],
        ...connectionArguments(connection),
      ],
      { input: Buffer.from(values.join('\n')) },
    )
  },
  async consume({ topic, count, groupId, ...connection }) {
    const source =
      groupId === undefined
        ? ['-C', '-t', topic, '-o', 'beginning']
        : ['-X', 'auto.offset.reset=earliest', '-G', groupId, topic]
    const { stdout } = await runCommand(await requireTool('kcat'), [
      ...['-q', '-c', String(count)],
      ...connectionArguments(connection),
      ...source,
    ])
    return linesOf(stdout)
  },
}
