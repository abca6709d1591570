/** How much memory the records in the queue may hold: `kafka.queue_memory_max_kbytes`, or what follows from the machine. */
import { totalmem } from 'node:os'
import type { Config } from '../config/types.ts'

/** What the operating system says about memory, in bytes. */
export interface MachineMemory {
  readonly physicalBytes: number
  /** The limit of this process, as of a container; 0 or more than there is where it has none. */
  readonly constrainedBytes: number
}

/**
 * Each process may hold this much at least, and the largest record besides: less is a few chunks of memory, and so
 * near to them nothing would fit any more long before the bound.
 */
const LEAST_BYTES = 8_388_608

/** Returns the bound of each of so many processes, in bytes. */
export function queueMemoryMaxBytes(
  { kafka, http }: Config,
  workers: number,
  machine: MachineMemory = memoryOfMachine(),
): number {
  const totalBytes = kafka.queueMemoryMaxKbytes * 1024 || usableBytes(machine) / 2
  const largestRecordBytes = Math.min(kafka.messageMaxBytes, http.maxBodyBytes)
  return Math.max(Math.floor(totalBytes / workers), LEAST_BYTES + largestRecordBytes)
}

function usableBytes({ physicalBytes, constrainedBytes }: MachineMemory): number {
  return constrainedBytes > 0 ? Math.min(physicalBytes, constrainedBytes) : physicalBytes
}

function memoryOfMachine(): MachineMemory {
  return { physicalBytes: totalmem(), constrainedBytes: process.constrainedMemory() }
}
