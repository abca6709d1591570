/**
 * The limit on the memory of records in the queue: `kafka.queue_memory_max_kbytes`, or a share of the machine's
 * memory.
 */
import type { Config } from '../config/types.ts'
import { type MachineMemory, machineMemoryBytes } from './usable-memory.ts'

/**
 * Minimum per process, bytes, in addition to the largest record. Less is only a few chunks of memory, and the last
 * chunk must stay free, so almost nothing would fit.
 */
const LEAST_BYTES = 8_388_608

/** Returns the limit of each process, bytes. */
export function queueMemoryMaxBytes(
  { kafka, http }: Config,
  workers: number,
  machine?: MachineMemory,
): number {
  const totalBytes = kafka.queueMemoryMaxKbytes * 1024 || machineMemoryBytes(machine) / 2
  const largestRecordBytes = Math.min(kafka.messageMaxBytes, http.maxBodyBytes)
  return Math.max(Math.floor(totalBytes / workers), LEAST_BYTES + largestRecordBytes)
}
