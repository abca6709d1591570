import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'

/** What bounds the memory of this process, bytes. */
export interface MemoryBounds {
  /** Of the machine. */
  readonly totalBytes: number
  /** Of the container or service; 0, or more than the machine has, where there is no such bound. */
  readonly constrainedBytes: number
  /** Of V8's heap: `--max-old-space-size`, or what Node chose. */
  readonly heapLimitBytes: number
}

/** Returns how much memory one of `processes` like this one may use, bytes. */
export function usableMemoryBytes(processes = 1, bounds: MemoryBounds = memoryBounds()): number {
  const { totalBytes, constrainedBytes, heapLimitBytes } = bounds
  const machineBytes = constrainedBytes > 0 ? Math.min(totalBytes, constrainedBytes) : totalBytes
  return Math.min(machineBytes / processes, heapLimitBytes)
}

function memoryBounds(): MemoryBounds {
  return {
    totalBytes: totalmem(),
    constrainedBytes: process.constrainedMemory(),
    heapLimitBytes: getHeapStatistics().heap_size_limit,
  }
}
