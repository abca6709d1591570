import { ProxyError } from '../../../base/errors.ts'
import type { TopicDescription } from '../../../base/cluster-description.ts'
import type { ClusterDirectory } from '../../../ingest/cluster-directory.ts'
import { ClientGone } from '../../client-gone.ts'
import type { Dialect } from '../../edge/dialect.ts'
import type { BodilessRoute, Call, NodeCall } from '../../edge/route.ts'
import { OK_STATUS } from '../../error-mapper.ts'
import { isTopic } from '../../push/record-fields.ts'
import { begin } from '../../reply.ts'
import type { ReplyRoom } from '../../reply-room.ts'
import type { WorkTurns } from '../../work-turns.ts'

/** What a topic or a partition of a reply costs, in bytes of {@link WorkTurns}: up to 8 us. */
const COST_BYTES = 100

/** What reads of one API have in common. */
export interface ReadsOptions {
  readonly directory: ClusterDirectory
  /** Limits the memory of long lists that nobody reads. */
  readonly replyRoom: ReplyRoom
  readonly turns: WorkTurns
  readonly dialect: Dialect
  /** Of the replies. */
  readonly contentType: string
}

/** One path that tells something of the cluster. */
export interface ReadPath {
  readonly path: string
  /** @defaultValue true */
  readonly isNamed?: boolean
  /**
   * Reads what the reply says, as JSON.stringify takes it.
   *
   * @throws ProxyError the refusal.
   */
  readonly read: (call: Call) => Promise<object>
}

/** Makes the route of a path. It has no effects, so it is served while kprf shuts down too. */
export function readRoute(options: ReadsOptions, { read, ...path }: ReadPath): BodilessRoute {
  const { dialect } = options
  return {
    name: 'read',
    method: 'GET',
    ...path,
    access: 'describe',
    dialect,
    body: 'none',
    answer: async (call) => send(call, JSON.stringify(await read(call)), options),
  }
}

function send(
  { request, response, requestId }: NodeCall,
  body: string,
  { replyRoom, contentType }: ReadsOptions,
): number {
  if (response.destroyed || response.headersSent) throw new ClientGone()
  const bytes = Buffer.byteLength(body)
  replyRoom.reserve(request, bytes)?.sending(response, bytes)
  begin(response, requestId, { status: OK_STATUS, contentType, body })
  response.end(body)
  return OK_STATUS
}

/** The topics that the client may be told of. It is the turn of the reply when they are there. */
export async function topicsFor(
  { principal }: Call,
  { directory, turns }: ReadsOptions,
): Promise<readonly TopicDescription[]> {
  const topics = await directory.topics(principal.name)
  await turns.enter(topics.length * COST_BYTES)
  return topics
}

/**
 * The topic of the path. It is the turn of the reply when it is there.
 *
 * @throws ProxyError `TOPIC_UNKNOWN` if it does not exist, or the client may not be told about it: the same reply.
 */
export async function topicOf(
  { params, principal }: Call,
  { directory, turns }: ReadsOptions,
): Promise<TopicDescription> {
  const { topic: name = '' } = params
  let topic: TopicDescription | undefined
  if (isTopic(name)) topic = await directory.topic(principal.name, name)
  else await directory.noTopic()
  if (topic === undefined) throw new ProxyError('TOPIC_UNKNOWN', 'the topic does not exist')
  await turns.enter(topic.partitions.length * COST_BYTES)
  return topic
}
