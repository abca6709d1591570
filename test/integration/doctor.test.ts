/** `kprf doctor` as users run it, on brokers that have what it is to find. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fault, TestCluster, type TestClusterOptions } from '@kprf/embedded-broker/testing'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { createAuthority } from '../support/certificates.ts'
import { runKprf, startCommand } from '../support/kprf-command.ts'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'

const SECRET = 'canary-password'
/** Neither port is to be that of a kprf which happens to run here. */
const FREE_PORTS = ['--http.port=0', '--http.metrics_port=0']

let folder: string
const closers: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctor-'))
})

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  await rm(folder, { recursive: true })
})

async function startCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const cluster = await TestCluster.start({ topics: { orders: {} }, ...options })
  closers.push(() => cluster.close())
  return cluster
}

/** A port on which nothing listens. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

interface Document {
  readonly kprf: { readonly version: string; readonly commit: string }
  readonly status: string
  readonly is_complete: boolean
  readonly counts: Readonly<Record<string, number>>
  readonly findings: readonly Finding[]
}

interface Examined extends Document {
  readonly exitCode: number | null
  /** The findings of a check. */
  readonly of: (check: Finding['check']) => readonly Finding[]
  /** Each problem and warning: check, subject, text and advice. */
  readonly complaints: readonly string[]
}

/** Runs `kprf doctor --json`. No output may have the secret. */
async function examine(...argv: readonly string[]): Promise<Examined> {
  const { exitCode, stdout, stderr } = await runKprf('doctor', '--json', ...FREE_PORTS, ...argv)
  expect(stderr).toBe('')
  expect(stdout).not.toContain(SECRET)
  const document = JSON.parse(stdout) as Document
  const { findings } = document
  return {
    ...{ ...document, exitCode },
    of: (check) => findings.filter((finding) => finding.check === check),
    complaints: findings
      .filter(({ status }) => status === 'problem' || status === 'warning')
      .map(({ check, subject, text, advice }) =>
        [check, subject, text, advice].filter((part) => part !== '').join(' | '),
      ),
  }
}

const brokersOf = (cluster: TestCluster): string => `--kafka.brokers=${cluster.bootstrap}`

async function fileWith(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

/** What differs from one run and machine to the next. */
function normal(text: string): string {
  return text
    .replaceAll(/(127\.0\.0\.1|kafka-container):\d+/g, '$1:PORT')
    .replaceAll(/(http\.(?:metrics_)?port) \d+/g, '$1 PORT')
    .replaceAll(/\d+(\.\d)? ms/g, 'N ms')
    .replaceAll(/\d+(\.\d)? (bytes|KiB|MiB|GiB|TiB)/g, 'N bytes')
    .replaceAll(/kprf \S+ on Node\.js \S+/g, 'kprf X on Node.js X')
    .replaceAll(/cluster [\w-]{22}/g, 'cluster ID')
    .replaceAll(/\d+ open files \(hard limit \d+\)/g, 'N open files')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'NOW')
    .replaceAll(/\d{4}-\d\d-\d\d/g, 'DAY')
    .replaceAll(/the name (does not exist|server does not answer)/g, 'the name is not known')
}

describe('docs/DOCTOR.md', () => {
  it('shows what kprf doctor prints', async () => {
    const authority = createAuthority()
    const cluster = await startCluster({
      ...{ tls: authority.issue('kafka'), advertisedHost: 'kafka-container' },
      sasl: { users: { shop: SECRET } },
      topics: { orders: {}, audit: {} },
      denials: [{ principal: 'shop', topic: 'audit', operations: ['write'] }],
    })
    const { port } = new URL(`kafka://${cluster.bootstrap}`)
    const ca = await fileWith('ca.pem', authority.cert)
    const { stdout } = await runKprf(
      ...['doctor', `--kafka.brokers=127.0.0.1:${port}`, '--kafka.security_protocol=sasl_ssl'],
      ...['--kafka.sasl_mechanism=plain', '--kafka.user=shop', `--kafka.password=${SECRET}`],
      ...[`--kafka.ssl.ca_file=${ca}`, '--topic=orders', '--topic=audit'],
      ...['--http.max_connections=100', '--kafka.queue_memory_max_kbytes=262144'],
      ...[`--http.port=${await deadPort()}`, `--http.metrics_port=${await deadPort()}`],
    )
    const docs = await readFile(new URL('../../docs/DOCTOR.md', import.meta.url), 'utf8')
    const [, example = ''] = /```text\n([^]*?)```/.exec(docs) ?? []

    expect(normal(example)).toBe(normal(stdout))
  })
})

describe('kprf doctor on a cluster that works', () => {
  it('prints a line for each check, ends with 0, and neither writes nor creates anything', async () => {
    const cluster = await startCluster({ autoCreateTopics: false })
    const { bootstrap } = cluster

    const { exitCode, stdout, stderr } = await runKprf(
      ...['doctor', brokersOf(cluster), ...FREE_PORTS, '--topic=orders'],
      ...['--wal.enabled=true', `--wal.dir=${folder}/wal`, '--wal.max_bytes=2097152'],
    )

    expect(stderr).toBe('')
    expect(stdout).toContain('ok       configuration kprf starts with it\n')
    expect(stdout).toContain(`ok       kafka         ${bootstrap}: API versions Produce `)
    expect(stdout).toContain(
      `ok       advertised    broker 1, ${bootstrap}: works; kafka.brokers has the same address\n`,
    )
    expect(stdout).toContain(
      'ok       topic         orders: 4 partitions, 1 replica each; kprf may write to it\n',
    )
    expect(stdout).toMatch(/^0 problems, \d warnings?, \d+ ok, \d skipped\n/m)
    expect(exitCode).toBe(0)
    const asked = new Set(cluster.requests.map(({ api }) => api))
    expect([...asked].sort()).toEqual(['ApiVersions', 'DescribeConfigs', 'ListOffsets', 'Metadata'])
    expect(await readdir(folder)).toEqual([])
  })

  it('checks the topics that the configuration names, and creates none', async () => {
    const cluster = await startCluster()
    const config = await fileWith(
      'kprf.yaml',
      `kafka: { brokers: ["${cluster.bootstrap}"] }\nhttp: { topics: { allow: [orders, "logs-*", missing] } }\n`,
    )

    const { of, exitCode } = await examine(`--config=${config}`)

    expect(of('topic').map(({ subject, status }) => [subject, status])).toEqual([
      ['orders', 'ok'],
      ['missing', 'warning'],
    ])
    expect(of('topic')[1]?.text).toBe(
      'it does not exist; the first push creates it, with the defaults of the brokers',
    )
    expect(exitCode).toBe(0)
    expect(cluster.requests.filter(({ api }) => api === 'CreateTopics')).toEqual([])
    const again = await examine(`--config=${config}`)
    expect(again.of('topic')[1]?.text).toContain('it does not exist')
  })

  it('says what the JSON document is to have', async () => {
    const cluster = await startCluster()

    const document = await examine(brokersOf(cluster), '--topic=orders')

    expect(Object.keys(document.kprf)).toEqual(['version', 'commit'])
    expect(document).toMatchObject({ status: 'ok', is_complete: true, exitCode: 0 })
    expect(document.counts).toEqual({
      ...{ problem: 0, warning: 0, skipped: 0 },
      ok: document.findings.length,
    })
    for (const finding of document.findings) {
      expect(Object.keys(finding)).toEqual(['check', 'subject', 'status', 'text'])
    }
  })

  it('prints all of a long document, also to a reader that takes its time', async () => {
    const dead = await deadPort()
    const brokers = Array.from(
      { length: 400 },
      (_, index) => `127.0.${Math.floor(index / 200)}.${(index % 200) + 2}:${dead}`,
    )
    // The reader goes on when doctor would long have ended: a pipe takes no more than 64 KiB until then.
    const line = '"$0" --conditions=kprf-source src/main.ts "$@" | { head -c 1; sleep 1; cat; }'
    const argv = [
      'doctor',
      '--json',
      '--timeout=2',
      ...FREE_PORTS,
      `--kafka.brokers=${brokers.join(',')}`,
    ]

    const { stdout } = await promisify(execFile)('sh', ['-c', line, process.execPath, ...argv], {
      cwd: new URL('../..', import.meta.url),
    })

    expect(stdout.length).toBeGreaterThan(65_536)
    expect(JSON.parse(stdout)).toMatchObject({ counts: { problem: 400 } })
  })

  it('takes the ports of a kprf that runs for its own, and says which process has the log', async () => {
    const cluster = await startCluster()
    const [port, metricsPort] = [await deadPort(), await deadPort()]
    const wal = join(folder, 'wal')
    const settings = { 'http.port': port, 'http.metrics_port': metricsPort }
    const kprf: KprfProcess = await startKprf(cluster.bootstrap, {
      ...settings,
      ...{ 'wal.enabled': 'true', 'wal.dir': wal },
    })
    closers.push(() => kprf.destroy())

    const { of } = await examine(
      ...[brokersOf(cluster), `--http.port=${port}`, `--http.metrics_port=${metricsPort}`],
      ...['--http.host=127.0.0.1', '--wal.enabled=true', `--wal.dir=${wal}`],
    )

    expect(of('port')).toMatchObject([
      { subject: `http.port ${port}`, status: 'ok' },
      { subject: `http.metrics_port ${metricsPort}`, status: 'ok' },
    ])
    expect(of('port')[0]?.text).toContain('answers /livez')
    expect(of('disk')[0]?.text).toContain(`slot-00 is in use by process ${kprf.pid}`)
  })

  it('says that another program has a port', async () => {
    const cluster = await startCluster()
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    closers.push(async () => {
      server.close()
      await once(server, 'close')
    })
    const { port } = server.address() as AddressInfo

    const { complaints, exitCode } = await examine(
      ...[brokersOf(cluster), '--http.host=127.0.0.1', `--http.port=${port}`],
      `--http.metrics_port=${await deadPort()}`,
    )

    expect(complaints).toHaveLength(1)
    expect(complaints[0]).toContain(`port | http.port ${port} | port ${port} is taken`)
    expect(complaints[0]).toContain('kprf is not running')
    expect(exitCode).toBe(1)
  })
})

describe('kprf doctor on addresses that do not work', () => {
  it('names the name that does not exist, and the port on which nothing listens', async () => {
    const dead = `127.0.0.1:${await deadPort()}`

    const { of, complaints, exitCode } = await examine(
      `--kafka.brokers=nowhere.invalid:9092,${dead}`,
    )

    expect(complaints[0]).toMatch(
      /^dns \| nowhere\.invalid:9092 \| the name .* \| check the host name/,
    )
    expect(complaints[1]).toMatch(
      /^tcp \| .* \| the connection is refused: .* \| check that the broker/,
    )
    expect(of('cluster')[0]?.status).toBe('skipped')
    expect(of('topic')[0]?.status).toBe('skipped')
    expect(exitCode).toBe(1)
  })

  it('explains a broker that advertises the name of a container', async () => {
    const cluster = await startCluster({ advertisedHost: 'kafka-container' })
    const { port } = new URL(`kafka://${cluster.bootstrap}`)

    const { complaints, exitCode } = await examine(`--kafka.brokers=127.0.0.1:${port}`)

    expect(complaints).toHaveLength(2)
    expect(complaints[0]).toContain(`dns | broker 1, kafka-container:${port} | the name `)
    expect(complaints[0]).toContain('looks like the name of a container')
    expect(complaints[1]).toContain('kprf finds the cluster, but cannot use this broker')
    expect(complaints[1]).toContain(`advertised.listeners of broker 1 says kafka-container:${port}`)
    expect(exitCode).toBe(1)
  })

  it('explains a broker that tells its clients to connect to themselves', async () => {
    const cluster = await startCluster()
    const dead = await deadPort()
    cluster.control(
      'Metadata',
      fault.rewrite((response) => ({
        ...response,
        brokers: response.brokers.map((broker) => ({ ...broker, host: 'localhost', port: dead })),
      })),
      { times: Infinity },
    )

    const { complaints } = await examine(brokersOf(cluster))

    expect(complaints[0]).toContain(`tcp | broker 1, localhost:${dead} | `)
    expect(complaints[0]).toContain('tells all clients to connect to themselves')
    expect(complaints[1]).toContain(`advertised.listeners of broker 1 says localhost:${dead}`)
  })

  it('notices an advertised address that leads to another cluster, and brokers of two clusters', async () => {
    const [cluster, other] = [await startCluster(), await startCluster()]
    const { port } = new URL(`kafka://${other.bootstrap}`)
    cluster.control(
      'Metadata',
      fault.rewrite((response) => ({
        ...response,
        brokers: response.brokers.map((broker) => ({ ...broker, port: Number(port) })),
      })),
      { times: Infinity },
    )

    const one = await examine(brokersOf(cluster))
    const two = await examine(`--kafka.brokers=${cluster.bootstrap},${other.bootstrap}`)

    expect(one.of('advertised')[0]?.text).toContain('leads to another cluster')
    expect(two.of('cluster')[0]?.text).toContain('names brokers of different clusters')
  })

  it('gives a broker that does not answer up, and prints what it knows when it is stopped', async () => {
    const cluster = await startCluster()
    cluster.control('ApiVersions', fault.hang(), { times: Infinity })

    const { complaints, exitCode } = await examine(brokersOf(cluster), '--timeout=0.3')
    expect(complaints[0]).toMatch(/^kafka \| .* \| check that the broker runs, .*--timeout/)
    expect(exitCode).toBe(1)

    const command = startCommand('doctor', ...FREE_PORTS, brokersOf(cluster), '--timeout=300')
    await expect.poll(() => command.stdout).toContain('version')
    command.kill('SIGINT')
    const { stdout, exitCode: stoppedCode } = await command.ended
    expect(stdout).toMatch(/^ok {7}version {7}kprf /m)
    expect(stdout).toContain(`stopped; not checked: ${cluster.bootstrap}, the cluster, topics, `)
    expect(stoppedCode).toBe(1)
  })

  it('says that a port is not that of a broker', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).on('data', () => socket.write('HTTP/1.1 400 Bad\r\n\r\n'))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    closers.push(() => new Promise((resolve) => server.close(resolve)))
    const { port } = server.address() as AddressInfo

    const { complaints } = await examine(`--kafka.brokers=127.0.0.1:${port}`)

    expect(complaints[0]).toMatch(/^kafka \| .*it must be a listener of a Kafka broker$/)
  })
})

describe('kprf doctor on TLS', () => {
  it('shows the certificate, and warns of one that expires soon', async () => {
    const authority = createAuthority()
    const soon = new Date(Date.now() + 5 * 86_400_000)
    const until = `${soon.toISOString().replace(/\D/g, '').slice(0, 14)}Z`
    const cluster = await startCluster({ tls: authority.issue('broker', { until }) })
    const ca = await fileWith('ca.pem', authority.cert)

    const { of, exitCode } = await examine(
      ...[brokersOf(cluster), '--kafka.security_protocol=ssl', `--kafka.ssl.ca_file=${ca}`],
    )

    expect(of('tls')[0]).toMatchObject({
      status: 'warning',
      text: `TLSv1.3, certificate of CN=broker, issued by CN=test authority, valid until ${soon.toISOString().slice(0, 10)}`,
    })
    expect(of('clock')[0]?.text).toContain('the certificates of the brokers are valid from')
    expect(exitCode).toBe(0)
  })

  it('shows the certificate of an authority that it does not know', async () => {
    const cluster = await startCluster({ tls: createAuthority().issue('broker') })
    const ca = await fileWith('ca.pem', createAuthority().cert)

    const { complaints, exitCode } = await examine(
      ...[brokersOf(cluster), '--kafka.security_protocol=ssl', `--kafka.ssl.ca_file=${ca}`],
    )

    expect(complaints[0]).toMatch(
      /^tls \| .*; the port shows the certificate of CN=broker, for localhost, 127\.0\.0\.1, issued by CN=test authority, valid until 2100-01-01 \| check kafka\.ssl\.ca_file/,
    )
    expect(exitCode).toBe(1)
  })

  it('names the host that the certificate is not for', async () => {
    const authority = createAuthority()
    const cluster = await startCluster({ tls: authority.issue('broker', {}, ['kafka.example']) })
    const ca = await fileWith('ca.pem', authority.cert)

    const { complaints } = await examine(
      ...[brokersOf(cluster), '--kafka.security_protocol=ssl', `--kafka.ssl.ca_file=${ca}`],
    )

    expect(complaints[0]).toContain('for kafka.example, issued by')
    expect(complaints[0]).toContain('the certificate must have them')
  })

  it('tells a port with TLS from one without, both ways round', async () => {
    const secure = await startCluster({ tls: createAuthority().issue('broker') })
    const plain = await startCluster()

    const withoutTls = await examine(brokersOf(secure))
    const withTls = await examine(brokersOf(plain), '--kafka.security_protocol=ssl')

    expect(withoutTls.complaints[0]).toContain('this port speaks TLS, and kafka.security_protocol')
    expect(withoutTls.complaints[0]).toContain('set kafka.security_protocol to ssl')
    expect(withTls.complaints[0]).toContain('this port speaks Kafka without TLS')
  })
})

describe('kprf doctor on SASL', () => {
  const sasl = { users: { alice: SECRET }, mechanisms: ['SCRAM-SHA-256'] as const }
  const as = (user: string, mechanism = 'scram-sha-256'): string[] => [
    ...['--kafka.security_protocol=sasl_plaintext', `--kafka.sasl_mechanism=${mechanism}`],
    ...[`--kafka.user=${user}`, `--kafka.password=${SECRET}`],
  ]

  it('says that the broker takes the user, does not, or has another mechanism', async () => {
    const cluster = await startCluster({ sasl })

    const taken = await examine(brokersOf(cluster), ...as('alice'))
    const refused = await examine(brokersOf(cluster), ...as('mallory'))
    const other = await examine(brokersOf(cluster), ...as('alice', 'plain'))

    expect(taken.of('sasl')[0]?.text).toBe(
      'SCRAM-SHA-256: the broker accepts the credentials as user alice',
    )
    expect(taken.exitCode).toBe(0)
    expect(refused.complaints[0]).toMatch(/^sasl \| .* \| check kafka\.user and kafka\.password/)
    expect(other.complaints[0]).toContain(
      'the broker does not offer PLAIN; it offers SCRAM-SHA-256',
    )
    expect(other.exitCode).toBe(1)
  })

  it('says that the broker wants SASL, or has none', async () => {
    const [wanting, without] = [await startCluster({ sasl }), await startCluster()]

    const none = await examine(brokersOf(wanting))
    const needless = await examine(brokersOf(without), ...as('alice'))

    expect(none.complaints[0]).toContain('the broker wants SASL')
    expect(none.complaints[0]).toContain('it offers SCRAM-SHA-256')
    expect(needless.complaints[0]).toContain('this port has no SASL')
  })

  it('says what the user may not do with a topic, and how to allow it', async () => {
    const cluster = await startCluster({
      sasl,
      topics: { unseen: {}, unwritten: {} },
      denials: [
        { principal: 'alice', topic: 'unseen' },
        { principal: 'alice', topic: 'unwritten', operations: ['write'] },
      ],
    })

    const { complaints, exitCode } = await examine(
      ...[brokersOf(cluster), ...as('alice'), '--topic=unseen', '--topic=unwritten'],
    )

    expect(complaints).toHaveLength(2)
    expect(complaints[0]).toContain('unseen | the user alice may not see it')
    expect(complaints[0]).toContain('--allow-principal User:alice --operation Describe')
    expect(complaints[1]).toContain('unwritten | the user alice may not write to it')
    expect(exitCode).toBe(1)
  })
})

describe('kprf doctor on topics and time', () => {
  it('names topics that cannot take what kprf sends', async () => {
    const cluster = await startCluster({
      autoCreateTopics: false,
      topics: {
        compacted: { configs: { 'cleanup.policy': 'compact' } },
        small: { configs: { 'max.message.bytes': '1000' } },
        lonely: { configs: { 'min.insync.replicas': '2' } },
      },
    })
    const names = ['compacted', 'small', 'lonely', 'missing']

    const { of, complaints, exitCode } = await examine(
      ...[brokersOf(cluster), ...names.map((name) => `--topic=${name}`)],
    )

    expect(of('topic')[0]?.text).toContain('it is compacted: Kafka refuses records without a key')
    expect(complaints).toHaveLength(3)
    expect(complaints[0]).toContain('this topic only 1000 (max.message.bytes)')
    expect(complaints[1]).toContain('with fewer replicas in sync than min.insync.replicas')
    expect(complaints[1]).toContain('give the topic at least 2 replicas')
    expect(complaints[2]).toContain('it does not exist, and the brokers do not create topics')
    expect(exitCode).toBe(1)
  })

  it('warns of a record that is younger than this machine says', async () => {
    const cluster = await startCluster()
    const kafka = new Kafka({ brokers: [cluster.bootstrap], logLevel: logLevel.NOTHING })
    const producer = kafka.producer()
    await producer.connect()
    const timestamp = String(Date.now() + 30 * 60_000)
    await producer.send({ topic: 'orders', messages: [{ value: 'v', timestamp }] })
    await producer.disconnect()

    const { of, exitCode } = await examine(brokersOf(cluster), '--topic=orders')

    expect(of('clock')[0]?.status).toBe('warning')
    expect(of('clock')[0]?.text).toMatch(/a record of orders is (29|30) min younger/)
    expect(exitCode).toBe(0)
  })
})

describe('kprf doctor on this machine', () => {
  it.runIf(process.platform === 'linux')('says that a log in memory is none', async () => {
    const cluster = await startCluster()
    const wal = await mkdtemp('/dev/shm/doctor-')
    closers.push(() => rm(wal, { recursive: true }))

    const { of, exitCode } = await examine(
      ...[brokersOf(cluster), '--wal.enabled=true', `--wal.dir=${wal}/wal`],
    )

    expect(of('disk')[0]?.text).toContain(`kprf will create it in ${wal}`)
    expect(of('disk')[1]).toMatchObject({ status: 'problem' })
    expect(of('disk')[1]?.text).toContain('tmpfs, which is memory')
    expect(of('disk')[3]?.text).toMatch(/^a sync takes .* \(median\), .* of \d+\)$/)
    expect(await readdir(wal)).toEqual([])
    expect(exitCode).toBe(1)
  })

  it.runIf(process.platform === 'linux')(
    'counts the connections for which files are left',
    async () => {
      const cluster = await startCluster()
      const argv = ['doctor', '--json', ...FREE_PORTS, brokersOf(cluster)]
      const run = promisify(execFile)

      const { stdout } = await run('sh', [
        ...['-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath],
        ...['--conditions=kprf-source', 'src/main.ts', ...argv],
      ])

      const { findings } = JSON.parse(stdout) as Document
      expect(findings.find(({ check }) => check === 'files')).toMatchObject({
        status: 'warning',
        text: '64 open files (hard limit 64) for a process started from here: kprf would accept 32 connections of the 10000 of http.max_connections',
      })
    },
  )

  it('ends with 78 if kprf would not start, and with 64 if the flags are wrong', async () => {
    const wrong = await examine('--kafka.brokers=127.0.0.1:1', '--kafka.ssl.ca_file=/nowhere')
    expect(wrong.exitCode).toBe(78)
    expect(wrong.complaints[0]).toContain('configuration | ')
    expect(wrong.findings).toHaveLength(wrong.complaints.length)

    for (const argv of [['--timeout=soon'], ['--topic='], ['orders'], ['--all']]) {
      const { exitCode, stdout, stderr } = await runKprf('doctor', ...argv)
      expect([exitCode, stdout]).toEqual([64, ''])
      expect(stderr).not.toBe('')
    }
  })
})
