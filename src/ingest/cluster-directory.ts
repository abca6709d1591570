import type {
  ClusterDescription,
  ClusterSource,
  TopicDescription,
} from '../base/cluster-description.ts'
import type { Permissions } from './permissions.ts'

/** Dependencies of a {@link ClusterDirectory}. */
export interface ClusterDirectoryDependencies {
  readonly source: ClusterSource
  /** The current ones. */
  readonly permissions: () => Pick<Permissions, 'mayDescribe'>
}

/** Principals whose lists are kept: those of 10,000 topics take 80 kB each. */
const MAX_LISTS = 100

/** The lists made of one answer of Kafka under the same permissions. */
interface Lists {
  readonly topics: readonly TopicDescription[]
  readonly permissions: object
  readonly byPrincipal: Map<string, readonly TopicDescription[]>
}

/**
 * Tells each principal what it may know of the cluster. A topic that it may not be told about looks like one that does
 * not exist: it is not in the list, and the answer takes as long. The id of the cluster and those of its brokers are for
 * everybody who may send requests, because clients need the first to produce.
 */
export class ClusterDirectory {
  readonly #dependencies: ClusterDirectoryDependencies
  #lists: Lists | undefined

  constructor(dependencies: ClusterDirectoryDependencies) {
    this.#dependencies = dependencies
  }

  /** @throws ProxyError `BROKER_UNAVAILABLE` if no broker answers in time; so do the others. */
  cluster(): Promise<ClusterDescription> {
    return this.#dependencies.source.cluster()
  }

  /** The topics that a principal may be told about, by name. Many who ask at once get the same list. */
  async topics(principal: string): Promise<readonly TopicDescription[]> {
    const { source, permissions } = this.#dependencies
    const topics = await source.topics()
    const current = permissions()
    const { byPrincipal } = this.#listsOf(topics, current)
    const known = byPrincipal.get(principal)
    if (known !== undefined) return known
    const list = topics.filter(({ name }) => current.mayDescribe(principal, name))
    if (byPrincipal.size >= MAX_LISTS) byPrincipal.clear()
    byPrincipal.set(principal, list)
    return list
  }

  /** One topic; `undefined` if it does not exist for this principal. */
  async topic(principal: string, name: string): Promise<TopicDescription | undefined> {
    const { source, permissions } = this.#dependencies
    if (permissions().mayDescribe(principal, name)) return await source.topic(name)
    await source.noTopic()
    return undefined
  }

  /** The same for a name that no topic can have. */
  noTopic(): Promise<void> {
    return this.#dependencies.source.noTopic()
  }

  #listsOf(topics: readonly TopicDescription[], permissions: object): Lists {
    const lists = this.#lists
    if (lists?.topics === topics && lists.permissions === permissions) return lists
    return (this.#lists = { topics, permissions, byPrincipal: new Map() })
  }
}
