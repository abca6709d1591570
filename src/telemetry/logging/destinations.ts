/**
 * The destinations of log lines: a file, or the standard output or error of the process. All writes are
 * asynchronous, so that a slow disk or reader does not block the proxy.
 */
import fs from 'node:fs'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import type { WriteStream } from 'node:tty'

/** Called with the number of bytes written, and an error if this call will write no more. */
export type WriteListener = (error: Error | null, writtenBytes: number) => void

/** Accepts one write at a time. */
export interface LogDestination {
  /** Writes some of the bytes, at least one unless it fails. Never throws. */
  write(bytes: Buffer, onWritten: WriteListener): void
  /**
   * Makes later writes go to a new file of the same name.
   *
   * @returns false if the destination is not a file; writes continue as before.
   * @throws Error of the file system; writes then also continue as before.
   */
  reopen(): boolean
  /** Closes the file after the write in progress. */
  close(): void
}

/**
 * Opens the destination that `output_file` names: `/dev/stdout`, `/dev/stderr`, or a file, which is created if
 * missing and appended to.
 *
 * @throws Error of the file system if it cannot be written to.
 */
export function openDestination(outputFile: string): LogDestination {
  if (outputFile === '/dev/stdout') return standardStream(process.stdout, 1)
  if (outputFile === '/dev/stderr') return standardStream(process.stderr, 2)
  return new FileDestination(outputFile, openForAppending(outputFile))
}

/** The terminal that a destination is; `undefined` for all others. */
export function terminalOf(outputFile: string): WriteStream | undefined {
  if (outputFile === '/dev/stdout') return process.stdout.isTTY ? process.stdout : undefined
  if (outputFile === '/dev/stderr') return process.stderr.isTTY ? process.stderr : undefined
  return undefined
}

/**
 * Checks that {@link openDestination} could open a destination, but creates no file.
 *
 * @throws Error of the file system if it could not.
 */
export function assertWritable(outputFile: string): void {
  if (outputFile === '/dev/stdout' || outputFile === '/dev/stderr') return
  const { O_WRONLY, O_APPEND, O_NONBLOCK, W_OK, X_OK } = fs.constants
  try {
    fs.closeSync(fs.openSync(outputFile, O_WRONLY | O_APPEND | O_NONBLOCK))
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (!isMissing) throw error
    fs.accessSync(dirname(outputFile), W_OK | X_OK)
  }
}

/**
 * Node's own stream is asynchronous for pipes and sockets, and never blocks the exit of the process. Redirected to
 * a file it is synchronous and fails for good on a full disk, so kprf writes such a file itself.
 */
function standardStream(stream: Writable, fd: number): LogDestination {
  return fs.fstatSync(fd).isFile()
    ? new FileDestination(undefined, fd)
    : new StreamDestination(stream)
}

/** Appends to a file. */
export class FileDestination implements LogDestination {
  /** `undefined` for a file that the parent process opened: kprf does not reopen or close it. */
  readonly #path: string | undefined
  #fd: number
  #busyFd: number | undefined
  #isClosed = false

  constructor(path: string | undefined, fd: number) {
    this.#path = path
    this.#fd = fd
  }

  write(bytes: Buffer, onWritten: WriteListener): void {
    const fd = this.#fd
    this.#busyFd = fd
    fs.write(fd, bytes, (error, writtenBytes) => {
      this.#busyFd = undefined
      if (this.#isClosed || fd !== this.#fd) closeQuietly(fd)
      onWritten(error, error === null ? writtenBytes : 0)
    })
  }

  reopen(): boolean {
    if (this.#path === undefined) return false
    const before = this.#fd
    this.#fd = openForAppending(this.#path)
    if (before !== this.#busyFd) closeQuietly(before)
    return true
  }

  close(): void {
    if (this.#path === undefined) return
    this.#isClosed = true
    if (this.#fd !== this.#busyFd) closeQuietly(this.#fd)
  }
}

/** Writes to a stream that it does not own and never closes. */
export class StreamDestination implements LogDestination {
  readonly #stream: Writable

  constructor(stream: Writable) {
    this.#stream = stream
    // Each write reports its own failure; without this listener, EPIPE would end the process.
    stream.on('error', () => undefined)
  }

  write(bytes: Buffer, onWritten: WriteListener): void {
    this.#stream.write(bytes, (error) => {
      onWritten(error ?? null, error == null ? bytes.length : 0)
    })
  }

  reopen(): boolean {
    return false
  }

  close(): void {
    // Other code writes to the stream too.
  }
}

function openForAppending(path: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = fs.constants
  // O_NONBLOCK is for named pipes: without a reader, opening one would wait for ever.
  return fs.openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o644)
}

function closeQuietly(fd: number): void {
  try {
    fs.closeSync(fd)
  } catch {
    // The writes have already reported errors.
  }
}
