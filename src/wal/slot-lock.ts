import { connect, createServer, type Server } from 'node:net'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from './storage.ts'

/** What is locked of a folder: the whole slot, or only the changes that tools make to its dead letters. */
export type LockPurpose = 'slot' | 'dead-letters'

/** The process that has a lock. */
export interface LockHolder {
  /** `undefined` if it does not say in time, as while it is stopped or very busy. */
  readonly pid: number | undefined
}

/** How long the holder of a lock may take to say who it is, ms. */
const ANSWER_TIMEOUT_MS = 1_000
/** What connecting fails with if no process has the lock. */
const NOBODY_LISTENS = new Set(['ENOENT', 'ECONNREFUSED'])

/**
 * Locks a folder for this process. The lock is the address of a socket, which the system frees with the process,
 * however that ends: on Linux a name outside of the file system, elsewhere a file in the folder.
 *
 * @returns what frees it; `undefined` if another process has it.
 * @throws the error of the operating system if it cannot be told.
 */
export async function lockFolder(
  folder: string,
  purpose: LockPurpose = 'slot',
): Promise<(() => Promise<void>) | undefined> {
  const server = createServer((socket) => {
    // Whoever asks may be gone already.
    socket.on('error', () => undefined).end(`${process.pid}\n`, () => socket.destroy())
  })
  try {
    await listen(server, await addressOf(folder, purpose))
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') return undefined
    throw error
  }
  server.unref()
  return () =>
    new Promise((resolve) =>
      server.close(() => {
        resolve()
      }),
    )
}

/**
 * Finds out which process has the lock of a folder, without taking it.
 *
 * @returns `undefined` if none has.
 * @throws the error of the operating system if the folder is not there.
 */
export async function lockHolder(
  folder: string,
  purpose: LockPurpose = 'slot',
): Promise<LockHolder | undefined> {
  const socket = connect(await addressOf(folder, purpose))
  const { promise, resolve } = Promise.withResolvers<LockHolder | undefined>()
  let answer = ''
  socket
    .setEncoding('utf8')
    .setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy())
    .on('data', (text: string) => (answer += text))
    .on('error', (error) => {
      // Any other error comes from a process that is there, such as one whose queue is full.
      resolve(NOBODY_LISTENS.has(codeOf(error) ?? '') ? undefined : { pid: undefined })
    })
    .on('close', () => {
      resolve({ pid: /^[1-9]\d*\n$/.test(answer) ? Number(answer) : undefined })
    })
  return promise
}

async function addressOf(folder: string, purpose: LockPurpose): Promise<string> {
  const suffix = purpose === 'slot' ? '' : `-${purpose}`
  if (process.platform !== 'linux') return join(folder, `.lock${suffix}`)
  const { dev, ino } = await stat(folder)
  return `\0kprf-wal-${dev}-${ino}${suffix}`
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // Not exclusive, node:cluster would have the primary listen once for all of its workers: each would have the lock.
    server.once('error', reject).listen({ path, exclusive: true }, resolve)
  })
}
