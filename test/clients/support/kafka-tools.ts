import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CommandOutput } from '../../kafka/cluster/command.ts'
import { runCommand } from '../../kafka/cluster/command.ts'
import { kafkaDirectory } from '../../kafka/cluster/paths.ts'
import { requireTool } from '../../kafka/cluster/tools.ts'
import type { Connection, KafkaClient } from './client.ts'
import { linesOf, protocolOf } from './client.ts'

const PACKAGE = 'org.apache.kafka.tools'

/** Resolves to the directory of the jars of Kafka's command-line tools, which Maven fetches once. */
async function toolsDirectory(): Promise<string> {
  const pom = join(import.meta.dirname, 'kafka-tools-pom.xml')
  const hash = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
  const directory = join(kafkaDirectory, 'tools', hash.slice(0, 12))
  if (existsSync(directory)) return directory
  await runCommand(
    await requireTool('mvn'),
    [
      ...['--quiet', '--batch-mode', `--file=${pom}`, 'dependency:copy-dependencies'],
      ...['-DincludeScope=runtime', `-DoutputDirectory=${directory}`],
    ],
    { timeoutMs: 600_000 },
  )
  return directory
}

const loginModules: Readonly<Record<string, string>> = {
  PLAIN: 'plain.PlainLoginModule',
  'SCRAM-SHA-256': 'scram.ScramLoginModule',
  'SCRAM-SHA-512': 'scram.ScramLoginModule',
  OAUTHBEARER: 'oauthbearer.OAuthBearerLoginModule',
}

function properties(connection: Connection): string {
  const { authorityPath, sasl } = connection
  const module = `org.apache.kafka.common.security.${loginModules[sasl?.mechanism ?? ''] ?? ''}`
  const credentials =
    sasl?.mechanism === 'OAUTHBEARER'
      ? `unsecuredLoginStringClaim_sub="${sasl.username}"`
      : `username="${sasl?.username ?? ''}" password="${sasl?.password ?? ''}"`
  return Object.entries({
    'security.protocol': protocolOf(connection),
    ...(authorityPath !== undefined && {
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': authorityPath,
    }),
    ...(sasl && {
      'sasl.mechanism': sasl.mechanism,
      'sasl.jaas.config': `${module} required ${credentials};`,
    }),
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

/** Runs one of the tools; `{properties}` among its arguments stands for the connection's file. */
async function runTool(
  tool: string,
  args: readonly string[],
  connection: Connection,
  input = '',
): Promise<CommandOutput> {
  const scratch = await mkdtemp(join(tmpdir(), 'kafka-tools-'))
  const file = join(scratch, 'client.properties')
  try {
    await writeFile(file, properties(connection))
    const classPath = join(await toolsDirectory(), '*')
    const filled = args.map((arg) => (arg === '{properties}' ? file : arg))
    const java = ['-cp', classPath, `${PACKAGE}.${tool}`]
    const all = [...java, '--bootstrap-server', connection.bootstrap, ...filled]
    return await runCommand(await requireTool('java'), all, { input: Buffer.from(input) })
  } finally {
    await rm(scratch, { recursive: true })
  }
}

async function toolsVersion(): Promise<string> {
  const names = await readdir(await toolsDirectory())
  const jar = names.find((name) => /^kafka-tools-\d/.test(name))
  return jar?.replace(/^kafka-tools-|\.jar$/g, '') ?? '?'
}

/** Kafka's console producer and consumer. */
export const consoleTools: KafkaClient = {
  name: 'Kafka console tools',
  lacks: [],
  version: toolsVersion,
  async produce({ topic, values, compression = 'none', isIdempotent = false, ...connection }) {
    const idempotence = ['--command-property', `enable.idempotence=${isIdempotent}`]
    const how = ['--compression-codec', compression, '--timeout', '50', ...idempotence]
    const args = ['--topic', topic, '--command-config', '{properties}', ...how]
    await runTool('ConsoleProducer', args, connection, `${values.join('\n')}\n`)
  },
  async consume({ topic, count, groupId, ...connection }) {
    const group = groupId === undefined ? [] : ['--group', groupId]
    const { stdout } = await runTool(
      'consumer.ConsoleConsumer',
      [
        ...['--topic', topic, '--from-beginning', '--max-messages', String(count)],
        ...['--timeout-ms', '30000', '--command-config', '{properties}', ...group],
      ],
      connection,
    )
    return linesOf(stdout)
  },
}

/** What kafka-verifiable-producer says of each record, and of all at the end. */
export interface Verification {
  readonly acknowledged: number
  readonly sent: number
}

/** Runs kafka-verifiable-producer. */
export async function verifiableProduce(
  connection: Connection,
  topic: string,
  count: number,
): Promise<Verification> {
  const args = ['--topic', topic, '--max-messages', String(count), '--acks', '-1']
  const config = ['--command-config', '{properties}']
  const { stdout } = await runTool('VerifiableProducer', [...args, ...config], connection)
  const events = linesOf(stdout).map((line) => JSON.parse(line) as Record<string, unknown>)
  const summary = events.find(({ name }) => name === 'tool_data')
  return { acknowledged: Number(summary?.['acked']), sent: Number(summary?.['sent']) }
}
