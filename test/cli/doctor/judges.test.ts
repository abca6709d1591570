import { describe, expect, it } from 'vitest'
import type { CheckedAddress } from '../../../src/cli/doctor/address.ts'
import { checkCertificates, checkTokens } from '../../../src/cli/doctor/certificates.ts'
import { judgeClock } from '../../../src/cli/doctor/clock.ts'
import { checkCluster, judgeAdvertised } from '../../../src/cli/doctor/cluster.ts'
import { judgeFileSystem, judgeSpace, judgeSyncs } from '../../../src/cli/doctor/disk.ts'
import { explain } from '../../../src/cli/doctor/explain.ts'
import { Findings, shownMs } from '../../../src/cli/doctor/finding.ts'
import { checkFiles, checkMemory } from '../../../src/cli/doctor/machine.ts'
import { splitAddress, TimeoutError } from '../../../src/cli/doctor/network.ts'
import { checkPorts } from '../../../src/cli/doctor/ports.ts'
import { judgeTopic, type TopicFacts, type TopicSettings } from '../../../src/cli/doctor/topics.ts'
import type { DescribedMetadata } from '../../../src/producer/kafkajs/probe/described-metadata.ts'
import { createAuthority } from '../../support/certificates.ts'
import { loadWithBroker } from '../../config/sources.ts'

const MIB = 2 ** 20
const config = (...flags: string[]) => loadWithBroker({ argv: flags })

describe('topics', () => {
  const settings: TopicSettings = {
    ...{ requiredAcks: -1, messageMaxBytes: 1_000, mayCreateTopics: true, user: 'alice' },
  }
  const partition = (partitionId: number, leader = 1, isr = [1, 2], replicas = [1, 2]) => ({
    ...{ partitionErrorCode: 0, partitionId, leader, isr, replicas },
  })
  const facts = (
    partitions: readonly ReturnType<typeof partition>[],
    rest: Partial<TopicFacts> = {},
  ): TopicFacts => ({
    topic: { topicErrorCode: 0, topic: 'orders', partitionMetadata: partitions },
    ...{ configs: new Map([['min.insync.replicas', '2']]), operations: 1 << 4 },
    ...{ canBeCreated: false, ...rest },
  })
  const statuses = (given: TopicFacts, more: Partial<TopicSettings> = {}): string[] =>
    judgeTopic('orders', given, { ...settings, ...more }).map(
      ({ status, text }) => `${status}: ${text}`,
    )

  it('are ok with leaders, replicas in sync, and the right to write', () => {
    expect(statuses(facts([partition(0), partition(1)]))).toEqual([
      'ok: 2 partitions, 2 replicas each; kprf may write to it',
    ])
  })

  it('are a problem without a leader, or with too few replicas for acks -1', () => {
    const given = facts([partition(0, -1, [2]), partition(1)])

    expect(statuses(given)).toEqual([
      'problem: 1 partition (0) without a leader: their records wait, and then fail',
      'problem: 1 partition (0) with fewer replicas in sync than min.insync.replicas, which is 2: Kafka refuses records',
    ])
  })

  it('are a warning with acks 1 where a replica is not in sync', () => {
    const given = facts([partition(0, 1, [1])])

    expect(statuses(given, { requiredAcks: 1 })).toEqual([
      'ok: 1 partition, 2 replicas each; kprf may write to it',
      'warning: 1 partition (0) with replicas that are not in sync',
    ])
  })

  it('are a problem without the right to write, and say so where brokers do not tell', () => {
    expect(statuses(facts([partition(0)], { operations: 1 << 8 }))).toEqual([
      'problem: the user alice may not write to it: Kafka refuses its records',
    ])
    expect(statuses(facts([partition(0)], { operations: undefined }))).toEqual([
      'ok: 1 partition, 2 replicas each; Kafka does not say whether kprf may write to it',
    ])
  })

  it.each([
    [true, true, 'warning'],
    [undefined, true, 'warning'],
    [false, true, 'problem'],
    [false, false, 'problem'],
  ])('that are missing, can be created: %s, kprf asks for it: %s, are a %s', (can, may, status) => {
    const given = { ...facts([]), topic: undefined, canBeCreated: can }

    const [finding] = judgeTopic('orders', given, { ...settings, mayCreateTopics: may })

    expect(finding?.status).toBe(status)
    expect(finding?.text).toContain('it does not exist')
  })

  it.each([
    [17, 'Kafka does not allow this name'],
    [29, 'the user alice may not see it'],
    [-1, 'Kafka answers error -1'],
  ])('with error %d say %s', (topicErrorCode, text) => {
    const topic = { topicErrorCode, topic: 'orders', partitionMetadata: [] }

    expect(statuses({ ...facts([]), topic })[0]).toContain(`problem: ${text}`)
  })
})

describe('the clock', () => {
  const nowMs = Date.UTC(2026, 0, 1)
  const none = { nowMs, certificates: [], younger: undefined, stampedByBroker: new Set<string>() }
  const younger = (ms: number) => [{ topic: 'orders', partition: 0, timestampMs: nowMs + ms }]

  it('is not judged without anything to compare with', () => {
    expect(judgeClock(none)).toMatchObject({ status: 'skipped' })
  })

  it('is a problem if a broker has stamped a later time, and a warning if a producer has', () => {
    const late = { ...none, younger: younger(90_000) }

    expect(judgeClock({ ...late, stampedByBroker: new Set(['orders']) })).toMatchObject({
      status: 'problem',
      text: 'this machine says 2026-01-01T00:00:00Z, and a broker has stamped a record of orders 90 s later: this clock is behind, or that of the broker ahead',
    })
    expect(judgeClock(late)).toMatchObject({ status: 'warning' })
    expect(judgeClock({ ...none, younger: younger(3 * 3_600_000) }).text).toContain('3 h younger')
  })

  it('is ok if no record is younger, and says what that does not show', () => {
    expect(judgeClock({ ...none, younger: [] })).toMatchObject({
      status: 'ok',
      text: 'this machine says 2026-01-01T00:00:00Z; no record of the topics is younger. Kafka does not tell its time: a clock ahead is not seen',
    })
  })
})

describe('advertised addresses', () => {
  const metadata = (...brokers: readonly [host: string, port: number][]): DescribedMetadata => ({
    brokers: brokers.map(([host, port], index) => ({ nodeId: index + 1, host, port })),
    ...{ clusterId: 'c', controllerId: 1, topicMetadata: [], operations: new Map() },
  })
  const checked = (
    address: string,
    brokerId: number | undefined,
    answer: DescribedMetadata | undefined,
  ): CheckedAddress =>
    ({
      target: { address, brokerId },
      findings: [],
      reached: answer && { probe: {}, metadata: answer },
    }) as unknown as CheckedAddress

  it('that several brokers share are a problem', () => {
    const cluster = metadata(['lb', 9092], ['lb', 9092])

    expect(judgeAdvertised(checked('lb:9092', 1, cluster), [], cluster)).toMatchObject({
      status: 'problem',
      text: 'brokers 1 and 2 advertise the same address: records reach a broker that does not lead their partition',
    })
  })

  it('that are the loopback address are a warning, unless kafka.brokers has it too', () => {
    const cluster = metadata(['localhost', 9092])
    const one = checked('localhost:9092', 1, cluster)
    const from = (address: string) =>
      judgeAdvertised(one, [{ address, brokerId: undefined }], cluster)

    expect(from('10.0.0.1:9092')).toMatchObject({ check: 'advertised', status: 'warning' })
    expect(from('127.0.0.1:9092')).toMatchObject({ status: 'ok', text: 'works' })
  })

  it('have a cluster without a controller, or without brokers', () => {
    const of = (answer: DescribedMetadata) =>
      checkCluster([checked('a:1', undefined, answer)]).findings[0]?.status

    expect(of(metadata(['a', 1]))).toBe('ok')
    expect(of({ ...metadata(['a', 1]), controllerId: -1 })).toBe('warning')
    expect(of(metadata())).toBe('problem')
  })

  it('are explained by their kind', () => {
    const failure = (code: string) => Object.assign(new Error('failed'), { code })
    const of = (address: string, error: Error, brokerId: number | undefined = 1) =>
      explain(error, { address, brokerId }).advice

    expect(of('localhost:9092', failure('ECONNREFUSED'))).toContain('to connect to themselves')
    expect(of('kafka-1:9092', failure('ENOTFOUND'))).toContain('the name of a container')
    expect(of('k.example:9092', failure('ENOTFOUND'))).toContain('make this machine resolve')
    expect(of('10.0.0.1:9092', new TimeoutError('late'))).toContain('no firewall is between')
    expect(explain(new TimeoutError('late'), { address: 'a:1', brokerId: undefined })).toEqual({
      text: 'late',
      advice: expect.stringContaining('--timeout') as string,
    })
  })

  it('are split at the last colon, without the brackets of IPv6', () => {
    expect(splitAddress('[::1]:9092')).toEqual({ host: '::1', port: 9092 })
    expect(splitAddress('kafka:9093')).toEqual({ host: 'kafka', port: 9093 })
  })
})

describe('the disk', () => {
  const of = new Findings('disk', '/wal')

  it.each([
    ['tmpfs', 'problem'],
    ['NFS', 'warning'],
    ['overlayfs', 'warning'],
    ['ext4', 'ok'],
    [undefined, 'ok'],
  ])('with the file system %s is %s', (name, status) => {
    expect(judgeFileSystem(of, name).status).toBe(status)
  })

  it.each([
    [10, 0, 'problem'],
    [100, 0, 'warning'],
    [100, 500, 'warning'],
    [600, 512, 'ok'],
    [2_000, 0, 'ok'],
  ])('with %d MiB free and %d MiB used is %s', (free, used, status) => {
    const limits = { maxBytes: 512 * MIB, minFreeBytes: 64 * MIB }

    expect(judgeSpace(of, free * MIB, used * MIB, limits, 2).status).toBe(status)
  })

  it('is slow if one sync of a hundred takes more than 10 ms and replies wait for it', () => {
    const fast = Array.from({ length: 100 }, () => 1)
    const slow = [...fast.slice(2), 30, 30]

    expect(judgeSyncs(of, fast, 'always').status).toBe('ok')
    expect(judgeSyncs(of, [...fast.slice(1), 30], 'always').status).toBe('ok')
    expect(judgeSyncs(of, slow, 'interval').status).toBe('ok')
    expect(judgeSyncs(of, slow, 'always')).toMatchObject({
      status: 'warning',
      text: 'a sync takes 1.0 ms (median), 30 ms (99th percentile of 100): with wal.sync: always, each reply waits for one',
    })
    expect(shownMs(12.4)).toBe('12 ms')
  })
})

describe('limits', () => {
  const limits = (files: string): string =>
    `Max open files            ${files}    ${files}   files\n`

  it('of open files are compared with the connections', () => {
    expect(checkFiles(config(), limits('1024')).status).toBe('warning')
    expect(checkFiles(config(), limits('65536')).status).toBe('ok')
    expect(checkFiles(config('--http.max_connections=100'), limits('1024')).status).toBe('ok')
    expect(checkFiles(config(), '').status).toBe('skipped')
  })

  it('of memory are compared with the queue', () => {
    const machine = (mib: number) => ({ physicalBytes: mib * MIB, constrainedBytes: 0 })
    const large = config('--kafka.queue_memory_max_kbytes=1048576')

    expect(checkMemory(config(), 1, machine(1_024)).status).toBe('ok')
    expect(checkMemory(config(), 1, machine(200)).status).toBe('warning')
    expect(checkMemory(large, 1, machine(1_100)).status).toBe('warning')
    expect(checkMemory(large, 4, machine(8_192)).text).toBe('the queue may take 1.0 GiB of 8.0 GiB')
  })
})

describe('certificates and tokens', () => {
  it('are a problem once they have expired, and a warning two weeks before', () => {
    const { cert } = createAuthority().issue('kprf', { until: '20300115000000Z' })
    const at = (date: string) =>
      checkCertificates([{ key: 'http.tls.cert_file', pem: cert }], Date.parse(date))[0]

    expect(at('2029-06-01')).toMatchObject({ status: 'ok', text: 'valid until 2030-01-15' })
    expect(at('2030-01-10')?.status).toBe('warning')
    expect(at('2030-02-01')).toMatchObject({
      ...{ status: 'problem', subject: 'http.tls.cert_file' },
      text: 'CN=kprf, expired on 2030-01-15 00:00:00 UTC',
    })
    expect(checkCertificates([{ key: 'http.tls.client_ca_file', pem: undefined }], 0)).toEqual([])
  })

  it('say how many tokens the file has', () => {
    const named = config()
    const withFile = (tokensOfFile: (typeof named)['tokensOfFile']) => ({
      ...named,
      http: { ...named.http, auth: { ...named.http.auth, tokensFile: '/tokens.yaml' } },
      tokensOfFile,
    })

    expect(checkTokens(named)).toEqual([])
    expect(checkTokens(withFile([]))[0]?.status).toBe('warning')
    expect(checkTokens(withFile([{ principal: 'a', sha256: 'b' }]))[0]?.status).toBe('ok')
  })
})

describe('ports', () => {
  const taken = Object.assign(new Error('taken'), { code: 'EADDRINUSE' })
  const denied = Object.assign(new Error('denied'), { code: 'EACCES' })
  const check = async (failure: Error | undefined, life: string | undefined) => {
    const listen = (): Promise<void> =>
      failure === undefined ? Promise.resolve() : Promise.reject(failure)
    return await checkPorts(config(), { listen, askLife: () => Promise.resolve(life) })
  }

  it('are ok if they are free, or taken by a kprf that lives', async () => {
    expect((await check(undefined, 'no answer')).map(({ text }) => text)).toEqual(['free', 'free'])
    expect((await check(taken, undefined)).map(({ status }) => status)).toEqual(['ok', 'ok'])
  })

  it('are a problem if another program has them, or the system keeps them', async () => {
    expect((await check(taken, 'no answer'))[0]).toMatchObject({
      ...{ status: 'problem', subject: 'http.port 4242' },
      text: 'port 4242 is taken on 0.0.0.0 by another program, perhaps by another kprf; no answer',
      advice: expect.stringContaining('--http.port=4243') as string,
    })
    expect((await check(denied, undefined))[1]).toMatchObject({
      ...{ status: 'problem', advice: 'choose one above 1023' },
    })
  })
})
