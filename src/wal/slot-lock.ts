import { createServer, type Server } from 'node:net'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from './storage.ts'

/**
 * Locks a folder for this process. The lock is the address of a socket, which the system frees with the process,
 * however that ends: on Linux a name outside of the file system, elsewhere a file in the folder.
 *
 * @returns what frees it; `undefined` if another process has it.
 * @throws the error of the operating system if it cannot be told.
 */
export async function lockFolder(folder: string): Promise<(() => Promise<void>) | undefined> {
  const server = createServer((socket) => socket.destroy())
  try {
    await listen(server, await addressOf(folder))
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

async function addressOf(folder: string): Promise<string> {
  if (process.platform !== 'linux') return join(folder, '.lock')
  const { dev, ino } = await stat(folder)
  return `\0kprf-wal-${dev}-${ino}`
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(path, resolve)
  })
}
