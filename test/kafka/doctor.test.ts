/** `kprf doctor` on a real Apache Kafka with TLS, SASL and access rules. */
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { runKprf } from '../support/kprf-command.ts'
import { PASSWORD, SecureCluster, USER } from './support/secure-cluster.ts'

let cluster: SecureCluster

/** Lets a user describe a topic, so that nobody may do anything else with it. */
async function onlyDescribe(topic: string, user: string): Promise<void> {
  const admin = new Kafka({
    brokers: [cluster.kafka.bootstrap],
    logLevel: logLevel.NOTHING,
  }).admin()
  await admin.connect()
  try {
    const acl = {
      ...{ resourceType: AclResourceTypes.TOPIC, resourceName: topic },
      ...{ resourcePatternType: ResourcePatternTypes.LITERAL, principal: `User:${user}` },
      ...{ host: '*', operation: AclOperationTypes.DESCRIBE },
      permissionType: AclPermissionTypes.ALLOW,
    }
    await admin.createAcls({ acl: [acl] })
  } finally {
    await admin.disconnect()
  }
}

beforeAll(async () => {
  cluster = await SecureCluster.start({
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
    'allow.everyone.if.no.acl.found': 'true',
    'auto.create.topics.enable': 'false',
  })
  await cluster.kafka.createTopic('orders', {
    partitions: 3,
    config: { 'cleanup.policy': 'compact', 'message.timestamp.type': 'LogAppendTime' },
  })
  await cluster.kafka.createTopic('unwritten')
  await cluster.kafka.createTopic('unseen')
  await onlyDescribe('unwritten', USER)
  await onlyDescribe('unseen', 'bob')
})

afterAll(async () => {
  await cluster.stop()
})

async function examine(...argv: readonly string[]): Promise<{
  readonly exitCode: number | null
  readonly findings: readonly Finding[]
  readonly complaints: readonly string[]
}> {
  const ports = ['--http.port=0', '--http.metrics_port=0']
  const { exitCode, stdout, stderr } = await runKprf('doctor', '--json', ...ports, ...argv)
  expect(stderr).toBe('')
  expect(stdout).not.toContain(PASSWORD)
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] }
  const complaints = findings
    .filter(({ status }) => status === 'problem' || status === 'warning')
    .map(({ check, subject, text }) => [check, subject, text].join(' | '))
  return { exitCode, findings, complaints }
}

const as = (mechanism: string, password = PASSWORD): string[] => [
  ...[`--kafka.sasl_mechanism=${mechanism}`, `--kafka.user=${USER}`],
  `--kafka.password=${password}`,
]

const secured = (mechanism: string, password = PASSWORD): string[] => [
  ...as(mechanism, password),
  '--kafka.security_protocol=sasl_ssl',
  `--kafka.ssl.ca_file=${cluster.authority.certificate}`,
]

describe('kprf doctor on Apache Kafka', () => {
  it('goes through TLS and SASL to the topics, and says what the user may do', async () => {
    const { exitCode, findings, complaints } = await examine(
      ...[`--kafka.brokers=${cluster.bootstrap('SASL_TLS')}`, ...secured('scram-sha-512')],
      ...['orders', 'unwritten', 'unseen', 'missing'].map((topic) => `--topic=${topic}`),
    )

    const textOf = (check: Finding['check']): string | undefined =>
      findings.find((finding) => finding.check === check)?.text
    expect(textOf('tls')).toMatch(/^TLSv1\.3, certificate of .*CN=broker/)
    expect(textOf('sasl')).toBe(`SCRAM-SHA-512: the broker accepts the credentials as user ${USER}`)
    expect(textOf('cluster')).toMatch(/^cluster \S{22}, brokers 1, controller 1$/)
    expect(textOf('topic')).toBe(
      '3 partitions, 1 replica each; kprf may write to it; it is compacted: Kafka refuses records without a key',
    )
    expect(textOf('clock')).toContain('no record of the topics is younger')
    expect(complaints).toEqual([
      'topic | unwritten | the user alice may not write to it: Kafka refuses its records',
      'topic | unseen | the user alice may not see it: Kafka refuses Describe',
      expect.stringContaining('topic | missing | it does not exist, and the brokers do not create'),
    ])
    expect(exitCode).toBe(1)
  })

  it('says why it does not get in', async () => {
    const refused = await examine(
      `--kafka.brokers=${cluster.bootstrap('SASL_TLS')}`,
      ...secured('plain', 'wrong'),
    )
    const noMechanism = await examine(
      ...[`--kafka.brokers=${cluster.bootstrap('PLAIN_ONLY')}`, ...as('scram-sha-256')],
      '--kafka.security_protocol=sasl_plaintext',
    )
    const noSasl = await examine(`--kafka.brokers=${cluster.bootstrap('SASL_CLEAR')}`)
    const noTls = await examine(
      `--kafka.brokers=${cluster.bootstrap('SASL_CLEAR')}`,
      ...secured('plain'),
    )
    const noPlain = await examine(`--kafka.brokers=${cluster.bootstrap('TLS')}`)
    const foreign = await examine(
      ...[`--kafka.brokers=${cluster.bootstrap('FOREIGN_TLS')}`, '--kafka.security_protocol=ssl'],
      `--kafka.ssl.ca_file=${cluster.authority.certificate}`,
    )
    const mutual = await examine(
      ...[`--kafka.brokers=${cluster.bootstrap('MUTUAL_TLS')}`, '--kafka.security_protocol=ssl'],
      `--kafka.ssl.ca_file=${cluster.authority.certificate}`,
    )

    expect(refused.complaints[0]).toMatch(/^sasl \| /)
    expect(noMechanism.complaints[0]).toContain('does not offer SCRAM-SHA-256; it offers PLAIN')
    expect(noSasl.complaints[0]).toContain('the broker wants SASL')
    expect(noTls.complaints[0]).toContain('this port speaks Kafka without TLS')
    expect(noPlain.complaints[0]).toContain('this port speaks TLS')
    expect(foreign.complaints[0]).toContain('for elsewhere.example, issued by')
    expect(mutual.complaints[0]).toMatch(/^(tls|kafka) \| .*(certificate|closes the connection)/)
    for (const { exitCode } of [refused, noMechanism, noSasl, noTls, noPlain, foreign, mutual]) {
      expect(exitCode).toBe(1)
    }
  })
})
