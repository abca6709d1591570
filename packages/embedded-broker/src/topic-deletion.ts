/** Deletes a topic and everything that refers to it. */
import type { ClusterParts } from './cluster-parts.ts'

/** Drops the topic, its records and the offsets committed for it. Answers an error code, or `NONE`. */
export function deleteTopic(
  { catalog, coordinator }: Pick<ClusterParts, 'catalog' | 'coordinator'>,
  name: string,
): number {
  coordinator.forgetTopic(name)
  return catalog.delete(name)
}
