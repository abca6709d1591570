/**
 * Holds a conversation against the ledger: every request got exactly one reply, in order, or none and no effect;
 * and what was produced is what was answered.
 */
import type { Conversation, Reply } from './client.ts'
import type { Fate } from './ledger-producer.ts'
import type { DrawnRequest } from './requests.ts'

/** What is wrong with a conversation; empty where nothing is. */
export function imbalances(
  conversation: Conversation,
  fates: ReadonlyMap<string, readonly Fate[]>,
): string[] {
  const { requests, replies, ending, rest, isStuck } = conversation
  const found: string[] = []
  if (isStuck) found.push('the server neither answered nor closed')
  if (replies.length > requests.length) found.push('there are more replies than requests')
  if (rest !== '' && ending !== 'aborts')
    found.push(`what is no reply was sent: ${rest.slice(0, 80)}`)
  const closing = replies.findIndex(({ isClosing }) => isClosing)
  if (closing !== -1 && closing < replies.length - 1) {
    found.push('a reply follows one that closes the connection')
  }
  for (const [index, request] of requests.entries()) {
    const reply = replies[index]
    const problems = reply
      ? ofAnswered(request, reply, fates, ending === 'is cut short')
      : ofUnanswered(request, ending === 'aborts', fates)
    found.push(...problems.map((problem) => `request ${index} (${request.kind}): ${problem}`))
  }
  return found
}

/** @param mayBeHalf - whether only its beginning may have been sent, which is refused as just that. */
function ofAnswered(
  request: DrawnRequest,
  { status, body, isClosing }: Reply,
  fates: ReadonlyMap<string, readonly Fate[]>,
  mayBeHalf: boolean,
): string[] {
  if (request.isLast && !isClosing && !mayBeHalf) return ['its reply does not close the connection']
  const isPush = request.recordIds.length > 0 || request.kind.startsWith('push')
  const allowed = mayBeHalf ? [...request.statuses, 400, 408] : request.statuses
  if (status !== 503 && !allowed.includes(status)) return [`it was answered ${status}`]
  if (!isPush) return []
  // What the parser refuses is answered in the shape of no API.
  const { errors = [] } = JSON.parse(body) as { errors?: readonly PushElement[] }
  if (status === 200) return request.recordIds.flatMap((id) => ofRecord(id, 'ok', undefined, fates))
  if (errors.length !== request.recordIds.length || isWhole(errors)) {
    return request.recordIds.flatMap((id) => ofRecord(id, 'none', undefined, fates))
  }
  return request.recordIds.flatMap((id, index) => {
    const element = errors[index]
    return ofRecord(id, element?.status === 'ok' ? 'ok' : 'failed', element?.outcome, fates)
  })
}

interface PushElement {
  readonly status: string
  readonly outcome?: string
  readonly error_code?: number
}

/** Numbers of kprf's own for a whole request are in the tens of thousands, those of records are librdkafka's. */
function isWhole(errors: readonly PushElement[]): boolean {
  return errors.every(({ error_code: code = 0 }) => code >= 40_000)
}

function ofRecord(
  id: string,
  told: 'ok' | 'failed' | 'none',
  outcome: string | undefined,
  fates: ReadonlyMap<string, readonly Fate[]>,
): string[] {
  const met = fates.get(id) ?? []
  if (met.length > 1) return [`record ${id} was produced ${met.length} times`]
  const [fate] = met
  switch (told) {
    case 'none':
      return fate === undefined ? [] : [`record ${id} of a refused request was produced: ${fate}`]
    case 'ok':
      return fate === 'accepted' || fate === 'persisted'
        ? []
        : [`record ${id} was answered ok and is ${fate ?? 'not produced'}`]
    case 'failed':
      if (fate === undefined || fate === 'accepted' || fate === 'persisted') {
        return [`record ${id} was answered as failed and is ${fate ?? 'not produced'}`]
      }
      return outcome === undefined || (outcome === 'unknown') === (fate === 'unknown')
        ? []
        : [`record ${id} was answered with outcome ${outcome} and is ${fate}`]
  }
}

/** @param hasLeft - whether the client itself went away before it could be answered; else nothing may have happened. */
function ofUnanswered(
  request: DrawnRequest,
  hasLeft: boolean,
  fates: ReadonlyMap<string, readonly Fate[]>,
): string[] {
  return request.recordIds.flatMap((id) => {
    const met = fates.get(id) ?? []
    if (met.length > 1) return [`record ${id} was produced ${met.length} times`]
    return met.length === 1 && !hasLeft
      ? [`record ${id} was produced (${met.join()}) and the request got no reply`]
      : []
  })
}
