/** What the endpoints of a cluster share. */
import { AccessControl } from './access-control.ts'
import { BrokerRegistry } from './broker-registry.ts'
import type { BrokerClock } from './clock.ts'
import { GroupCoordinator } from './groups/coordinator.ts'
import type { EmbeddedClusterSettings } from './options.ts'
import { TopicCatalog } from './topic-catalog.ts'

/** The state of a cluster. */
export interface ClusterParts {
  readonly settings: EmbeddedClusterSettings
  readonly clock: BrokerClock
  readonly registry: BrokerRegistry
  readonly catalog: TopicCatalog
  readonly access: AccessControl
  readonly coordinator: GroupCoordinator
}

/** The state of a cluster that has no topics yet, and no broker up. */
export function createParts(settings: EmbeddedClusterSettings): ClusterParts {
  const { clock, denials } = settings
  const registry = new BrokerRegistry()
  return {
    settings,
    clock,
    registry,
    catalog: new TopicCatalog(settings, registry),
    access: new AccessControl(denials),
    coordinator: new GroupCoordinator(clock, registry),
  }
}
