/** Checks what the machine gives kprf: open files, memory, and whether the versions fit. */
import { readFileSync } from 'node:fs'
import type { Config } from '../../config/types.ts'
import type { BuildInfo } from '../../base/build-info.ts'
import { roomForConnections } from '../../http/open-files.ts'
import { queueMemoryMaxBytes } from '../../settings/queue-memory.ts'
import { machineMemoryBytes, type MachineMemory } from '../../settings/usable-memory.ts'
import { shownBytes } from '../wal/command.ts'
import { type Finding, Findings } from './finding.ts'

/** The versions that run. kprf does not start on a Node.js that it does not support. */
export function checkVersion({ version, commitHash }: BuildInfo, node: string): Finding {
  const commit = commitHash === 'unknown' ? '' : ` (${commitHash.slice(0, 12)})`
  return new Findings('version').ok(`kprf ${version}${commit} on Node.js ${node}`)
}

const OPEN_FILES = /^Max open files\s+(\w+)\s+(\w+)/m

/** The limits of this process in the format of Linux; empty elsewhere. */
export function ownLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1')
  } catch {
    return ''
  }
}

/**
 * Judges the limit of open files.
 *
 * @param limits - as in /proc/PID/limits.
 */
export function checkFiles({ http }: Pick<Config, 'http'>, limits: string): Finding {
  const of = new Findings('files')
  const [, soft, hard] = OPEN_FILES.exec(limits) ?? []
  if (soft === undefined) return of.skipped('this system does not say how many files may be open')
  const wanted = http.maxConnections
  const room = roomForConnections(wanted, limits)
  const shown = `${soft} open files (hard limit ${hard}) for a process started from here`
  return room < wanted
    ? of.warning(
        `${shown}: kprf would accept ${room} connections of the ${wanted} of http.max_connections`,
        `raise the limit to at least ${wanted + 256}: LimitNOFILE= in a systemd unit, ulimit -n in a shell, --ulimit nofile= with Docker; or lower http.max_connections`,
      )
    : of.ok(`${shown}: enough for the ${wanted} connections of http.max_connections`)
}

/** The largest part of the memory that the queue may take without a warning. */
const MAX_SHARE = 0.75
/** What a process takes beside its queue, bytes. */
const BASE_BYTES = 128 * 2 ** 20

/** Judges the memory of the queue. @param workers - processes that share it. */
export function checkMemory(config: Config, workers: number, machine?: MachineMemory): Finding {
  const of = new Findings('memory')
  const total = machineMemoryBytes(machine)
  const queue = queueMemoryMaxBytes(config, workers, machine) * workers
  const shown = `the queue may take ${shownBytes(queue)} of ${shownBytes(total)}`
  return queue > total * MAX_SHARE || queue + BASE_BYTES * workers > total
    ? of.warning(
        `${shown}: the system may end kprf before the queue is full`,
        'lower kafka.queue_memory_max_kbytes, or give the machine or container more memory',
      )
    : of.ok(shown)
}
