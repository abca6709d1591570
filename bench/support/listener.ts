/** The process that listens on a port of this machine, from the kernel. */
import { entriesOf, processes, read, targetOf } from './proc.ts'

/** Columns of /proc/net/tcp. */
const LOCAL_ADDRESS = 1
const STATE = 3
const INODE = 9
const LISTENING = '0A'

/** The oldest process that listens on this TCP port; `undefined` if there is none to be seen. */
export function listenerOf(port: number): number | undefined {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => read(path) ?? '')
  const sockets = new Set(tables.flatMap((table) => listeningSockets(table, port)))
  if (sockets.size === 0) return undefined
  return processes().find((pid) =>
    entriesOf(`/proc/${pid}/fd`).some((fd) => sockets.has(targetOf(`/proc/${pid}/fd/${fd}`) ?? '')),
  )
}

/** The sockets that listen on a port, as `/proc/PID/fd` names them, by the text of `/proc/net/tcp`. */
export function listeningSockets(table: string, port: number): readonly string[] {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[LOCAL_ADDRESS]?.endsWith(ending) && columns[STATE] === LISTENING)
    .map((columns) => `socket:[${columns[INODE]}]`)
}
