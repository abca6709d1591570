/** Manifests as data, as far as the checks look at them. */
import { parse, parseAllDocuments } from 'yaml'

/** Labels by name. */
export type Labels = Readonly<Record<string, string>>

/** A port of a container. */
export interface ContainerPort {
  readonly name: string
  readonly containerPort: number
}

/** A container of kprf. */
export interface Container {
  readonly image: string
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
  readonly ports?: readonly ContainerPort[]
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[]
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}

/** A pod. */
export interface PodSpec {
  readonly terminationGracePeriodSeconds: number
  readonly containers: readonly Container[]
  readonly volumes?: readonly { readonly name: string; readonly configMap?: { name: string } }[]
}

/** An object of Kubernetes. */
export interface Manifest {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly labels?: Labels
    readonly annotations?: Labels
  }
  readonly spec?: Spec
  readonly data?: Labels
}

interface Spec {
  readonly replicas?: number
  readonly selector?: Labels | { readonly matchLabels: Labels }
  readonly podSelector?: { readonly matchLabels: Labels }
  readonly serviceName?: string
  readonly scaleTargetRef?: { readonly kind: string; readonly name: string }
  readonly template?: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec }
  readonly ports?: readonly { readonly name: string; readonly targetPort: string }[]
  readonly endpoints?: readonly { readonly port: string; readonly path: string }[]
  readonly ingress?: readonly { readonly ports: readonly { readonly port: string }[] }[]
  readonly groups?: unknown
  readonly volumeClaimTemplates?: readonly {
    readonly metadata: { readonly name: string }
    readonly spec: { readonly resources: { readonly requests: { readonly storage: string } } }
  }[]
}

/** A Deployment or StatefulSet. */
export interface Workload extends Manifest {
  readonly spec: Spec & Required<Pick<Spec, 'template'>>
}

/** Parses the documents of a text in YAML. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null)
}

/** The labels by which an object selects pods or Services. */
export function selectorOf({ spec }: Manifest): Labels | undefined {
  const selector = spec?.selector ?? spec?.podSelector
  if (selector === undefined) return undefined
  return typeof selector.matchLabels === 'object' ? selector.matchLabels : (selector as Labels)
}

/** Whether labels have all those of a selector. */
export function selects(selector: Labels, labels: Labels = {}): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value)
}

/** Deployments and StatefulSets. */
export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests.filter((manifest): manifest is Workload => manifest.spec?.template !== undefined)
}

/** What the checks need of a configuration of kprf. */
export interface FileConfig {
  readonly http?: { readonly port?: number; readonly metrics_port?: number }
  readonly shutdown?: { readonly drain_delay_ms?: number; readonly timeout_ms?: number }
}

/** The text of the configuration that a pod reads. */
export function configTextOf(pod: PodSpec, manifests: readonly Manifest[]): string | undefined {
  const names = (pod.volumes ?? []).map(({ configMap }) => configMap?.name)
  const configMap = manifests.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && names.includes(metadata.name),
  )
  return configMap?.data?.['kprf.yaml']
}

/** The configuration that a pod reads, as data. */
export function configOf(pod: PodSpec, manifests: readonly Manifest[]): FileConfig {
  return parse(configTextOf(pod, manifests) ?? '{}') as FileConfig
}
