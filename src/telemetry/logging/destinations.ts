/**
 * Where log lines go: a file, or the standard output or error of the process. All writes are
 * asynchronous, so a slow disk or a reader that stopped reading does not hold up the proxy.
 */
import fs from 'node:fs'
import type { Writable } from 'node:stream'

/** Told how many bytes were written, and why not all of them if that is final for this call. */
export type WriteListener = (error: Error | null, writtenBytes: number) => void

/** Takes one write at a time. */
export interface LogDestination {
  /** Writes some of the bytes, at least one unless it fails. Never throws. */
  write(bytes: Buffer, onWritten: WriteListener): void
  /**
   * Makes later writes go to a new file of the same name.
   *
   * @returns false when there is no such thing, and writes go where they went before.
   * @throws Error of the file system; then, too, writes go where they went before.
   */
  reopen(): boolean
  /** Gives the file back once a write under way has ended. */
  close(): void
}

/**
 * Opens the destination that `output_file` names: `/dev/stdout`, `/dev/stderr`, or a file that is
 * appended to and made when missing.
 *
 * @throws Error of the file system when that cannot be written to.
 */
export function openDestination(outputFile: string): LogDestination {
  if (outputFile === '/dev/stdout') return standardStream(process.stdout, 1)
  if (outputFile === '/dev/stderr') return standardStream(process.stderr, 2)
  return new FileDestination(outputFile, openForAppending(outputFile))
}

/**
 * Node's own stream is asynchronous for pipes and sockets, and never blocks the exit of the process.
 * Redirected to a file it is synchronous and does not survive a full disk; we do.
 */
function standardStream(stream: Writable, fd: number): LogDestination {
  return fs.fstatSync(fd).isFile()
    ? new FileDestination(undefined, fd)
    : new StreamDestination(stream)
}

/** Appends to a file. */
export class FileDestination implements LogDestination {
  /** `undefined` for a file that the parent process opened: not ours to open again or to close. */
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

/** Writes to a stream that is not ours to close. */
export class StreamDestination implements LogDestination {
  readonly #stream: Writable

  constructor(stream: Writable) {
    this.#stream = stream
    // Each write learns of its own failure; without a listener, EPIPE would end the process.
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
    // Others write to it as well.
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
    // What the file system had to say about it, the writes have said.
  }
}
