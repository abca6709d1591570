/** The usable memory, by the operating system and V8. */
import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'

/** Memory by the operating system, bytes. */
export interface MachineMemory {
  readonly physicalBytes: number
  /** Limit of the container or service; 0, or more than the machine has, if there is none. */
  readonly constrainedBytes: number
}

/** The limits on the memory of this process, bytes. */
export interface MemoryBounds extends MachineMemory {
  /** Limit of V8's heap: `--max-old-space-size`, or Node's default. */
  readonly heapLimitBytes: number
}

/** Returns how much memory all processes of the machine, or of the container, may use, bytes. */
export function machineMemoryBytes(machine: MachineMemory = machineMemory()): number {
  const { physicalBytes, constrainedBytes } = machine
  return constrainedBytes > 0 ? Math.min(physicalBytes, constrainedBytes) : physicalBytes
}

/** Returns how much memory one of `processes` like this one may use, bytes. */
export function usableMemoryBytes(processes = 1, bounds: MemoryBounds = memoryBounds()): number {
  return Math.min(machineMemoryBytes(bounds) / processes, bounds.heapLimitBytes)
}

function machineMemory(): MachineMemory {
  return { physicalBytes: totalmem(), constrainedBytes: process.constrainedMemory() }
}

function memoryBounds(): MemoryBounds {
  return { ...machineMemory(), heapLimitBytes: getHeapStatistics().heap_size_limit }
}
