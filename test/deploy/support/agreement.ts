/** What must agree between the objects of a deployment, and with kprf. The API server knows nothing of that. */
import { readFileSync } from 'node:fs'
import {
  configOf,
  type Container,
  type Manifest,
  selectorOf,
  selects,
  type Workload,
  workloadsOf,
} from './manifests.ts'

/** The end of connections (1 s) and of workers (5 s) after `shutdown.timeout_ms`. */
export const END_MS = 6_000

const GIB = 2 ** 30

/** The version in package.json. */
export const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

/** One line for each disagreement. */
export function disagreements(manifests: readonly Manifest[]): string[] {
  const workloads = workloadsOf(manifests)
  return [
    ...(workloads.length === 1 ? [] : [`${workloads.length} workloads`]),
    ...workloads.flatMap((workload) => [
      ...wrongContainers(workload, manifests),
      ...wrongSelectors(workload, manifests),
      ...wrongPorts(workload, manifests),
      ...wrongNames(workload, manifests),
      ...wrongLog(workload),
    ]),
  ]
}

function wrongContainers({ spec }: Workload, manifests: readonly Manifest[]): string[] {
  const pod = spec.template.spec
  const { http, shutdown } = configOf(pod, manifests)
  const stopMs = (shutdown?.drain_delay_ms ?? 0) + (shutdown?.timeout_ms ?? 20_000) + END_MS
  const ports = { http: http?.port ?? 4242, metrics: http?.metrics_port ?? 8088 }
  return [
    ...(pod.terminationGracePeriodSeconds * 1000 > stopMs
      ? []
      : [
          `the pod is killed after ${pod.terminationGracePeriodSeconds} s, kprf needs ${stopMs} ms`,
        ]),
    ...((shutdown?.drain_delay_ms ?? 0) > 0 ? [] : ['no drain delay']),
    ...pod.containers.flatMap((container) => [
      ...(container.image === `kprf:${version}` ? [] : [`image ${container.image}`]),
      ...Object.entries(ports)
        .filter(([name, port]) => portOf(container, name) !== port)
        .map(([name, port]) => `the port ${name} is not ${port}`),
      ...wrongProbes(container),
    ]),
  ]
}

/** Only readiness depends on Kafka: a broker that is away must not restart pods. */
function wrongProbes({ startupProbe, livenessProbe, readinessProbe }: Container): string[] {
  const probes = { startupProbe, livenessProbe, readinessProbe }
  return Object.entries(probes).flatMap(([name, probe]) => {
    const path = name === 'readinessProbe' ? '/readyz' : '/livez'
    if (probe === undefined) return [`no ${name}`]
    const isRight = probe.httpGet.path === path && probe.httpGet.port === 'metrics'
    return isRight ? [] : [`${name} asks ${probe.httpGet.path} of ${probe.httpGet.port}`]
  })
}

function wrongSelectors({ spec }: Workload, manifests: readonly Manifest[]): string[] {
  const { labels } = spec.template.metadata
  return manifests.flatMap((manifest) => {
    const { kind, metadata } = manifest
    const selector = selectorOf(manifest)
    if (selector === undefined) return []
    if (kind !== 'ServiceMonitor')
      return selects(selector, labels) ? [] : [`${kind} ${metadata.name} selects no pod`]
    const services = manifests.filter(
      (other) =>
        other.kind === 'Service' &&
        selects(selector, other.metadata.labels) &&
        manifest.spec?.endpoints?.some(({ port }) => hasPort(other, port)),
    )
    return services.length === 1 ? [] : [`ServiceMonitor selects ${services.length} Services`]
  })
}

function wrongPorts({ spec }: Workload, manifests: readonly Manifest[]): string[] {
  const [container] = spec.template.spec.containers
  const wrong = (name: string): boolean => container === undefined || !portOf(container, name)
  return manifests.flatMap(({ kind, metadata, spec }) => {
    const names =
      kind === 'Service'
        ? (spec?.ports ?? []).map(({ targetPort }) => targetPort)
        : kind === 'NetworkPolicy'
          ? (spec?.ingress ?? []).flatMap(({ ports }) => ports.map(({ port }) => port))
          : []
    return names.filter(wrong).map((name) => `${kind} ${metadata.name}: no port ${name}`)
  })
}

function wrongNames(workload: Workload, manifests: readonly Manifest[]): string[] {
  const { kind, metadata, spec } = workload
  const has = (other: string, name?: string): boolean =>
    manifests.some((manifest) => manifest.kind === other && manifest.metadata.name === name)
  const scalers = manifests.filter((manifest) => manifest.spec?.scaleTargetRef !== undefined)
  return [
    ...(kind === 'StatefulSet' && !has('Service', spec.serviceName) ? ['no serviceName'] : []),
    ...scalers
      .map((scaler) => scaler.spec?.scaleTargetRef)
      .filter((target) => target?.kind !== kind || target.name !== metadata.name)
      .map((target) => `nothing to scale: ${target?.kind} ${target?.name}`),
  ]
}

/** The log is on the volume, and no larger than that. */
function wrongLog({ spec }: Workload): string[] {
  return spec.template.spec.containers.flatMap((container) => {
    if (valueOf(container, 'KPRF_WAL_ENABLED') !== 'true') return []
    const folder = valueOf(container, 'KPRF_WAL_DIR') ?? ''
    const claim = (spec.volumeClaimTemplates ?? []).find(({ metadata }) =>
      container.volumeMounts?.some(
        ({ name, mountPath }) => name === metadata.name && folder.startsWith(`${mountPath}/`),
      ),
    )
    if (claim === undefined) return [`${folder} is on no volume`]
    const bytes = Number.parseInt(claim.spec.resources.requests.storage) * GIB
    const isSmaller = Number(valueOf(container, 'KPRF_WAL_MAX_BYTES')) < bytes
    return isSmaller ? [] : ['the log may be larger than its volume']
  })
}

function valueOf({ env }: Container, name: string): string | undefined {
  return env?.find((variable) => variable.name === name)?.value
}

function portOf({ ports }: Container, name: string): number | undefined {
  return ports?.find((port) => port.name === name)?.containerPort
}

function hasPort({ spec }: Manifest, name: string): boolean {
  return spec?.ports?.some((port) => port.name === name) ?? false
}
