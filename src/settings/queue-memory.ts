/** How much memory the records in the queue may hold: `kafka.queue_memory_max_kbytes`, or what follows from the machine. */
import type { Config } from '../config/types.ts'
import { type MachineMemory, machineMemoryBytes } from './usable-memory.ts'

/**
 * Each process may hold this much at least, and the largest record besides: less is a few chunks of memory, and so
 * near to them nothing would fit any more long before the bound.
 */
const LEAST_BYTES = 8_388_608

/** Returns the bound of each of so many processes, in bytes. */
export function queueMemoryMaxBytes(
  { kafka, http }: Config,
  workers: number,
  machine?: MachineMemory,
): number {
  const totalBytes = kafka.queueMemoryMaxKbytes * 1024 || machineMemoryBytes(machine) / 2
  const largestRecordBytes = Math.min(kafka.messageMaxBytes, http.maxBodyBytes)
  return Math.max(Math.floor(totalBytes / workers), LEAST_BYTES + largestRecordBytes)
}
