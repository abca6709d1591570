/** Processor time of another process and its children, from the kernel. */
import { writeFileSync } from 'node:fs'
import { processes, read } from './proc.ts'

/** Linux counts in hundredths of a second, whatever the kernel's own tick is. */
const TICK_MS = 10
/** Positions in /proc/PID/stat after the name: parent, user and system time. */
const PARENT = 1
const USER_TIME = 11
const SYSTEM_TIME = 12

/** Processor time, ms. */
export interface CpuTime {
  readonly totalMs: number
  /** In the kernel: above all, to read from sockets and to write to them. */
  readonly systemMs: number
}

/** What was used so far; `undefined` without /proc. */
export function cpuTime(pid: number): CpuTime | undefined {
  let time: CpuTime | undefined
  for (const member of familyOf(pid)) {
    const fields = statOf(member)
    if (!fields) continue
    const { totalMs, systemMs } = time ?? { totalMs: 0, systemMs: 0 }
    const userTicks = Number(fields[USER_TIME])
    const systemTicks = Number(fields[SYSTEM_TIME])
    time = {
      totalMs: totalMs + (userTicks + systemTicks) * TICK_MS,
      systemMs: systemMs + systemTicks * TICK_MS,
    }
  }
  return time
}

/** Resident memory, bytes; `undefined` without /proc. */
export function residentBytes(pid: number): number | undefined {
  return statusBytes(pid, /^VmRSS:\s+(\d+) kB$/m)
}

/** Peak resident memory since {@link resetPeak}, bytes; `undefined` without /proc. */
export function peakResidentBytes(pid: number): number | undefined {
  return statusBytes(pid, /^VmHWM:\s+(\d+) kB$/m)
}

/** Resets the peak of resident memory. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

function statusBytes(pid: number, line: RegExp): number | undefined {
  const kib = line.exec(read(`/proc/${pid}/status`) ?? '')?.[1]
  return kib === undefined ? undefined : Number(kib) * 1024
}

function familyOf(pid: number): readonly number[] {
  const parents = new Map<number, number>()
  for (const member of processes()) {
    const parent = statOf(member)?.[PARENT]
    if (parent !== undefined) parents.set(member, Number(parent))
  }
  const family = [pid]
  for (const [child, parent] of [...parents].sort(([one], [other]) => one - other)) {
    if (family.includes(parent)) family.push(child)
  }
  return family
}

function statOf(pid: number): readonly string[] | undefined {
  // The name, in parentheses, may contain spaces.
  return read(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ')
}
