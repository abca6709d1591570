/** Why a step of a check failed, and what to do, in words. */
import { isIP } from 'node:net'
import { RDKAFKA } from '../../producer/delivery-errors.ts'
import { classify, reasonOf } from '../../producer/kafkajs/classify.ts'
import { connectionCheck, isHangUp } from '../../producer/kafkajs/connection-errors.ts'
import { securityFailureOf } from '../../producer/kafkajs/security-failure.ts'
import { splitAddress, TimeoutError } from './network.ts'
import { isLoopback, type Target } from './target.ts'

/** A failure in words. */
export interface Explanation {
  readonly text: string
  readonly advice: string
}

const WORDS: ReadonlyMap<unknown, string> = new Map([
  ['ECONNREFUSED', 'the connection is refused: nothing listens on this port'],
  ['EHOSTUNREACH', 'there is no way to this host'],
  ['ENETUNREACH', 'there is no way to this network'],
  ['ENOTFOUND', 'the name does not exist'],
  ['EAI_AGAIN', 'the name server does not answer'],
])

/** Explains the error of a step, for an address. */
export function explain(error: unknown, target: Target): Explanation {
  const security = securityFailureOf(error)
  if (security !== undefined) return { text: security.reason, advice: `check ${security.check}` }
  return { text: textOf(error), advice: adviceOf(error, target) }
}

function textOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (isHangUp(error)) return 'the broker closes the connection'
  return WORDS.get(code) ?? reasonOf(error)
}

function adviceOf(error: unknown, target: Target): string {
  const { address, brokerId } = target
  const { host } = splitAddress(address)
  if (brokerId === undefined) {
    if (isTimeout(error)) {
      return 'check that the broker runs, and that no firewall drops what goes to this port; --timeout gives it more time'
    }
    const check = connectionCheck(error, true)
    return check === undefined ? 'read the log of the broker: it says why' : `check ${check}`
  }
  const move = `set advertised.listeners of broker ${brokerId} to an address that this machine reaches`
  if (isLoopback(host)) {
    return `the broker tells all clients to connect to themselves, which works only for clients on its own machine: ${move}`
  }
  if (classify(error) === RDKAFKA.resolve) {
    return isSingleLabel(host)
      ? `"${host}" looks like the name of a container or of a machine in another network, which only those beside it know: ${move}`
      : `${move}, or make this machine resolve the name`
  }
  return isTimeout(error) || connectionCheck(error, false) !== undefined
    ? `check that broker ${brokerId} runs and that no firewall is between; otherwise ${move}`
    : `read the log of broker ${brokerId}: it says why`
}

function isTimeout(error: unknown): boolean {
  if (error instanceof TimeoutError) return true
  return error instanceof Error && 'reason' in error && error.reason === 'timeout'
}

function isSingleLabel(host: string): boolean {
  return isIP(host) === 0 && !host.replace(/\.$/, '').includes('.')
}
