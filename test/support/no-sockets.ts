/**
 * Loaded before the pure tests: a test that opens a socket, or starts a process or a thread, belongs to the others.
 */
import childProcess from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import workerThreads from 'node:worker_threads'

function refuse(): never {
  throw new Error('a pure test opens no socket and starts no process: see vitest.config.ts')
}

net.Socket.prototype.connect = refuse
net.Server.prototype.listen = refuse
childProcess.spawn = refuse
childProcess.fork = refuse
childProcess.execFile = Object.assign(refuse, { __promisify__: refuse })
workerThreads.Worker = refuse as unknown as typeof workerThreads.Worker
syncBuiltinESMExports()
