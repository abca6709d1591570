/** Checks what the addresses say of their cluster, and each address that a broker advertises. */
import { addressOf } from '../../producer/events.ts'
import type { DescribedMetadata } from '../../producer/kafkajs/probe/described-metadata.ts'
import type { CheckedAddress } from './address.ts'
import { type Finding, Findings } from './finding.ts'
import { leadsHome, shownTarget, type Target } from './target.ts'

/** What the addresses of `kafka.brokers` say of the cluster. */
export interface FoundCluster {
  readonly findings: readonly Finding[]
  /** `undefined` if no broker has answered. */
  readonly metadata: DescribedMetadata | undefined
}

/** Compares what the addresses of `kafka.brokers` say of their cluster. */
export function checkCluster(checked: readonly CheckedAddress[]): FoundCluster {
  const of = new Findings('cluster')
  const metadata = checked.find(({ reached }) => reached !== undefined)?.reached?.metadata
  if (metadata === undefined) {
    const text = 'not checked, because no address of kafka.brokers works'
    return { findings: [of.skipped(text)], metadata }
  }
  const ids = checked.flatMap(({ target, reached }) =>
    reached === undefined ? [] : [{ target, id: reached.metadata.clusterId ?? undefined }],
  )
  const others = ids.filter(({ id }) => id !== (metadata.clusterId ?? undefined))
  if (others.length > 0) {
    const lines = ids.map(({ target, id }) => `${target.address} is ${shownId(id)}`)
    return {
      findings: [
        of.problem(
          `kafka.brokers names brokers of different clusters: ${lines.join(', ')}`,
          'name brokers of one cluster only: kprf sends records to the one that answers first',
        ),
      ],
      metadata,
    }
  }
  return { findings: [describe(of, metadata)], metadata }
}

function describe(of: Findings, { brokers, clusterId, controllerId }: DescribedMetadata): Finding {
  const ids = brokers.map(({ nodeId }) => nodeId).toSorted((one, other) => one - other)
  const text = `${shownId(clusterId ?? undefined)}, brokers ${ids.join(', ')}`
  if (ids.length === 0) {
    return of.problem('the cluster names no broker', 'wait until its brokers have started')
  }
  return controllerId === undefined || controllerId < 0
    ? of.warning(
        `${text}, and no controller`,
        'read the logs of the brokers: topics cannot be created, and no new leaders chosen',
      )
    : of.ok(`${text}, controller ${controllerId}`)
}

function shownId(id: string | undefined): string {
  return id === undefined ? 'a cluster without id' : `cluster ${id}`
}

/** The addresses that brokers advertise, by their node ids. */
export function advertisedTargets({ brokers }: DescribedMetadata): readonly Target[] {
  return brokers
    .map(({ nodeId, host, port }) => ({ address: addressOf(host, port), brokerId: nodeId }))
    .toSorted((one, other) => one.brokerId - other.brokerId)
}

/**
 * Judges an advertised address that was checked.
 *
 * @param bootstrap - the addresses of `kafka.brokers`.
 * @param cluster - what these say of the cluster.
 */
export function judgeAdvertised(
  { target, findings, reached }: CheckedAddress,
  bootstrap: readonly Target[],
  cluster: DescribedMetadata,
): Finding {
  const of = new Findings('advertised', shownTarget(target))
  const sharing = cluster.brokers.filter(
    ({ host, port }) => addressOf(host, port) === target.address,
  )
  if (sharing.length > 1) {
    const ids = sharing.map(({ nodeId }) => nodeId).join(' and ')
    return of.problem(
      `brokers ${ids} advertise the same address: records reach a broker that does not lead their partition`,
      'give each broker an advertised address of its own; a load balancer may stand before kafka.brokers only',
    )
  }
  const isGiven = bootstrap.some(({ address }) => address === target.address)
  if (reached === undefined) {
    const [reason = { text: 'it does not work' }] = findings.filter(
      ({ status }) => status === 'problem',
    )
    const text = `kprf finds the cluster, but cannot use this broker, at the address that it advertises: ${reason.text}`
    return of.problem(text, adviceOf(target))
  }
  const { clusterId } = reached.metadata
  if ((clusterId ?? undefined) !== (cluster.clusterId ?? undefined)) {
    const text = `this address leads to another cluster: ${shownId(clusterId ?? undefined)}`
    return of.problem(text, adviceOf(target))
  }
  if (leadsHome(target) && !bootstrap.some(leadsHome)) {
    return of.warning(
      'the broker advertises the loopback address: it works for clients on its own machine only',
      'set advertised.listeners to an address that other machines reach, unless kprf always runs beside it',
    )
  }
  const text = isGiven ? 'works; kafka.brokers has the same address' : 'works'
  return of.ok(text)
}

function adviceOf({ address, brokerId = 0 }: Target): string {
  return `advertised.listeners of broker ${brokerId} says ${address}: it must be an address of that broker that this machine reaches. Clients use kafka.brokers only to ask for these addresses`
}
