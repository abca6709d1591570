/** The plain manifests: what the API server says to them, and whether they agree with each other and with kprf. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { beforeAll, describe, expect, it } from 'vitest'
import { prometheusRuleFiles } from '../../scripts/generate-prometheus-rules.ts'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { HttpClient } from '../support/http-client.ts'
import { startKprf } from '../support/kprf-process.ts'
import { disagreements } from './support/agreement.ts'
import { checkConfig } from './support/config-check.ts'
import { type Manifest, parseManifests, workloadsOf } from './support/manifests.ts'
import { buildTool, checkManifests, kustomize } from './support/tools.ts'
import { withFile } from './support/with-file.ts'

const VARIANTS = ['deployment', 'statefulset']

const read = (variant: string): Promise<string> => kustomize(`deploy/kubernetes/${variant}`)

beforeAll(async () => {
  await buildTool('manifest-check')
})

describe.each(VARIANTS)('the variant %s', (variant) => {
  let text: string
  let manifests: Manifest[]

  beforeAll(async () => {
    text = await read(variant)
    manifests = parseManifests(text)
  })

  it('would be created by the API server, in a namespace that enforces the restricted standard', async () => {
    const { exitCode, output } = await withFile(text, (file) => checkManifests(file))

    expect(output).toBe('6 objects, 0 mistakes\n')
    expect(exitCode).toBe(0)
  })

  it('agrees with itself and with kprf', () => {
    expect(disagreements(manifests)).toEqual([])
  })

  it('has a configuration that kprf accepts without a warning', async () => {
    const [workload] = workloadsOf(manifests)
    if (workload === undefined) throw new Error('no workload')

    const { exitCode, output } = await checkConfig(workload.spec.template.spec, manifests)

    expect(output).toBe('ok\n')
    expect(exitCode).toBe(0)
  })
})

it('the files for the Prometheus operator and the example of a Secret would be created', async () => {
  const { exitCode, output } = await withFile(await read('monitoring'), (file) =>
    checkManifests(file, 'deploy/kubernetes/secret.example.yaml'),
  )

  expect(output).toBe('3 objects, 0 mistakes\n')
  expect(exitCode).toBe(0)
})

it('the ServiceMonitor finds the Service of each variant, and its port of metrics', async () => {
  const monitoring = parseManifests(await read('monitoring'))
  for (const variant of VARIANTS)
    expect(disagreements([...parseManifests(await read(variant)), ...monitoring])).toEqual([])
})

it('the PrometheusRule and the file of the chart have the alerts of deploy/prometheus', async () => {
  for (const [file, text] of await prometheusRuleFiles())
    expect(readFileSync(file, 'utf8'), `${file}: npm run generate:prometheus-rules`).toBe(text)
  const rule = parseManifests(await read('monitoring')).find(
    ({ kind }) => kind === 'PrometheusRule',
  )
  expect(rule?.spec).toEqual(parse(readFileSync('deploy/prometheus/kprf-alerts.yml', 'utf8')))
})

it('kprf has the paths that probes and Prometheus ask for', async () => {
  const cluster = await TestCluster.start({ brokers: 1 })
  const kprf = await startKprf(cluster.bootstrap)
  const { metrics_port: port } = await kprf.logged('accepting pushes')
  const client = new HttpClient(Number(port))
  try {
    const manifests = parseManifests(
      (await read('deployment')) + '---\n' + (await read('monitoring')),
    )
    const containers = workloadsOf(manifests).flatMap(({ spec }) => spec.template.spec.containers)
    const paths = [
      ...containers.flatMap(({ startupProbe, livenessProbe, readinessProbe }) =>
        [startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet.path ?? ''),
      ),
      ...manifests.flatMap(({ spec }) => (spec?.endpoints ?? []).map(({ path }) => path)),
    ]
    expect(paths).toHaveLength(4)
    for (const path of paths) expect([path, (await client.get(path)).status]).not.toContain(404)
  } finally {
    client.close()
    await kprf.stop()
    await cluster.close()
  }
})

describe('the check of the API server refuses', () => {
  it.each([
    [
      'a misspelt field',
      'readinessProbe:',
      'readynessProbe:',
      'unknown field "spec.template.spec.containers[0].readynessProbe"',
    ],
    [
      'a field in the wrong place',
      'minReadySeconds: 5',
      'minReadySeconds: 5\n  tolerations: []',
      'unknown field "spec.tolerations"',
    ],
    [
      'a field that is given twice',
      'minReadySeconds: 5',
      'minReadySeconds: 5\n  minReadySeconds: 6',
      'key "minReadySeconds" already set',
    ],
    ['text for a number', 'minReadySeconds: 5', 'minReadySeconds: five', 'cannot unmarshal string'],
    [
      'a selector that its own pods do not have',
      'replicas: 2\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: kprf',
      'replicas: 2\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: other',
      '`selector` does not match template `labels`',
    ],
    [
      'more memory than the limit',
      'memory: 1Gi\n          requests',
      'memory: 1Mi\n          requests',
      'must be less than or equal to memory limit',
    ],
    [
      'a mount without a volume',
      'mountPath: /etc/kprf\n          name: config',
      'mountPath: /etc/kprf\n          name: cofnig',
      'Not found: "cofnig"',
    ],
    [
      'a port that is none',
      'containerPort: 4242',
      'containerPort: 424242',
      'must be between 1 and 65535',
    ],
    [
      'a pod that may be root',
      'runAsNonRoot: true',
      'runAsNonRoot: false',
      'restricted: runAsNonRoot != true',
    ],
    [
      'a pod without a profile for system calls',
      'type: RuntimeDefault',
      'type: Unconfined',
      'restricted: seccompProfile',
    ],
    ['an unknown kind', 'kind: Deployment', 'kind: Deploymnet', 'is not checked'],
  ])('%s', async (_, before, after, message) => {
    const text = await read('deployment')
    expect(text).toContain(before)

    const { exitCode, output } = await withFile(text.replace(before, after), (file) =>
      checkManifests(file),
    )

    expect(output).toContain(message)
    expect(exitCode).toBe(1)
  })

  it('a misspelt field of a ServiceMonitor', async () => {
    const text = (await read('monitoring')).replace('interval: 15s', 'intervall: 15s')

    const { exitCode, output } = await withFile(text, (file) => checkManifests(file))

    expect(output).toContain('unknown field "intervall"')
    expect(exitCode).toBe(1)
  })

  it('a file without an object', async () => {
    const { exitCode } = await withFile('# nothing\n', (file) => checkManifests(file))

    expect(exitCode).toBe(1)
  })
})

describe('the check of agreement finds', () => {
  it.each([
    [
      'a pod that is killed too early',
      'terminationGracePeriodSeconds: 45',
      'terminationGracePeriodSeconds: 36',
      'the pod is killed after 36 s, kprf needs 36000 ms',
    ],
    ['another image', /image: kprf:\S+/, 'image: kprf:latest', 'image kprf:latest'],
    [
      'a port that kprf does not have',
      'containerPort: 8088',
      'containerPort: 8089',
      'the port metrics is not 8088',
    ],
    [
      'liveness that asks Kafka',
      /livenessProbe:[^]*?path: \/livez/,
      'livenessProbe:\n          httpGet:\n            path: /readyz',
      'livenessProbe asks /readyz of metrics',
    ],
    [
      'a Service of other pods',
      '  selector:\n    app.kubernetes.io/name: kprf\n',
      '  selector:\n    app: kprf\n',
      'Service kprf selects no pod',
    ],
    [
      'a Service with a port that no pod has',
      'targetPort: metrics',
      'targetPort: metric',
      'Service kprf: no port metric',
    ],
    [
      'a log that is larger than its volume',
      'storage: 10Gi',
      'storage: 8Gi',
      'the log may be larger than its volume',
    ],
    [
      'a log that is on no volume',
      'mountPath: /var/lib/kprf',
      'mountPath: /var/lib/other',
      '/var/lib/kprf/wal is on no volume',
    ],
  ])('%s', async (_, before, after, disagreement) => {
    const text = await read('statefulset')
    expect(text).toMatch(before)

    expect(disagreements(parseManifests(text.replace(before, after)))).toContain(disagreement)
  })
})
