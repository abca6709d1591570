import { join } from 'node:path'
import { runCommand } from '../cluster/command.ts'
import { requireTool } from '../cluster/tools.ts'

/** What a real broker has counted since it started, read over JMX. */
export interface BrokerCounters {
  readonly produceRequests: number
  /** Records stored. */
  readonly messagesIn: number
  /** Bytes of their batches. */
  readonly bytesIn: number
}

const PROGRAM = join(import.meta.dirname, 'BrokerCounters.java')

/** Reads the counters of the broker with this process id. */
export async function readBrokerCounters(pid: number): Promise<BrokerCounters> {
  const { stdout } = await runCommand(await requireTool('java'), [PROGRAM, `${pid}`])
  return JSON.parse(stdout.toString()) as BrokerCounters
}
