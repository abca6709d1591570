/** The Helm chart: rendered with several values, and then held to the same rules as the plain manifests. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { beforeAll, describe, expect, it } from 'vitest'
import { disagreements, version } from './support/agreement.ts'
import { checkConfig } from './support/config-check.ts'
import { type Manifest, parseManifests, workloadsOf } from './support/manifests.ts'
import { buildTool, checkManifests, helm } from './support/tools.ts'
import { withFile } from './support/with-file.ts'

const CHART = 'deploy/helm/kprf'

/** Values, and the kinds of the objects that they make. */
const VARIANTS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['no values', [], ['ConfigMap', 'Deployment', 'Pod', 'PodDisruptionBudget', 'Service']],
  [
    'all values',
    ['--values', 'test/deploy/values/everything.yaml'],
    [
      ...['ConfigMap', 'Deployment', 'HorizontalPodAutoscaler', 'Ingress', 'NetworkPolicy', 'Pod'],
      ...['PodDisruptionBudget', 'PrometheusRule', 'Service', 'ServiceMonitor'],
    ],
  ],
  [
    'the log on a volume',
    ['--values', 'test/deploy/values/log.yaml'],
    [
      ...['ConfigMap', 'NetworkPolicy', 'Pod', 'PodDisruptionBudget', 'Service', 'Service'],
      ...['ServiceMonitor', 'StatefulSet'],
    ],
  ],
]

async function render(args: readonly string[], release = 'pushes'): Promise<string> {
  const { exitCode, output } = await helm('template', release, CHART, ...args)
  if (exitCode !== 0) throw new Error(output)
  return output
}

beforeAll(async () => {
  await buildTool('manifest-check')
  await buildTool('helm')
})

it('helm lint finds nothing', async () => {
  for (const [, args] of VARIANTS) {
    const { exitCode, output } = await helm('lint', '--strict', CHART, ...args)
    expect(output).toContain('0 chart(s) failed')
    expect(output).not.toMatch(/\[(WARNING|ERROR)\]/)
    expect(exitCode).toBe(0)
  }
})

it('the chart is of this version of kprf', () => {
  const chart = parse(readFileSync(`${CHART}/Chart.yaml`, 'utf8')) as { appVersion: string }

  expect(chart.appVersion).toBe(version)
})

describe.each(VARIANTS)('with %s', (_, args, kinds) => {
  let text: string
  let manifests: Manifest[]

  beforeAll(async () => {
    text = await render(args)
    manifests = parseManifests(text)
  })

  it('it makes these objects, and the API server would create them', async () => {
    expect(manifests.map(({ kind }) => kind).sort()).toEqual(kinds)

    const { exitCode, output } = await withFile(text, (file) => checkManifests(file))

    expect(output).toBe(`${kinds.length} objects, 0 mistakes\n`)
    expect(exitCode).toBe(0)
  })

  it('they agree with each other and with kprf', () => {
    expect(disagreements(manifests)).toEqual([])
  })

  it('kprf accepts the configuration', async () => {
    const [workload] = workloadsOf(manifests)
    if (workload === undefined) throw new Error('no workload')

    const { exitCode, output } = await checkConfig(workload.spec.template.spec, manifests)

    expect(output).toBe('ok\n')
    expect(exitCode).toBe(0)
  })
})

it('two releases in one namespace have names of their own, and neither selects pods of the other', async () => {
  const names = (manifests: readonly Manifest[]) => manifests.map(({ metadata }) => metadata.name)
  const [one, two] = [
    parseManifests(await render([], 'one')),
    parseManifests(await render([], 'two')),
  ]

  expect(names(one).filter((name) => names(two).includes(name))).toEqual([])
  expect(disagreements([...one.filter(({ kind }) => kind !== 'Deployment'), ...two])).toContain(
    'Service one-kprf selects no pod',
  )
})

it('another configuration is another pod template, and nothing else is', async () => {
  const templateOf = async (...args: string[]) =>
    workloadsOf(parseManifests(await render(args)))[0]?.spec.template
  const before = await templateOf()

  expect(await templateOf('--set', 'replicas=5')).toEqual(before)
  expect(await templateOf('--set', 'config.log_level=debug')).not.toEqual(before)
})

describe('helm refuses', () => {
  it.each([
    [
      'a value that the chart does not have',
      'replica=3',
      "additional properties 'replica' not allowed",
    ],
    ['a wrong value', 'service.port=http', 'got string, want integer'],
    ['no brokers', 'config.kafka.brokers=null', "missing property 'brokers'"],
    [
      'an autoscaler of pods with a volume',
      'autoscaling.enabled=true,wal.enabled=true',
      'autoscaling.enabled needs wal.enabled to be false',
    ],
  ])('%s', async (_, values, message) => {
    const { exitCode, output } = await helm('template', 'pushes', CHART, '--set', values)

    expect(output).toContain(message)
    expect(exitCode).not.toBe(0)
  })
})
