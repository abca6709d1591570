import { execFileSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  FileDestination,
  type LogDestination,
  openDestination,
  StreamDestination,
} from '../../../src/telemetry/logging/destinations.ts'

let directory: string
let path: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kprf-log-'))
  path = join(directory, 'kprf.log')
})

afterEach(() => {
  rmSync(directory, { recursive: true })
})

const write = (destination: LogDestination, text: string): Promise<number> =>
  new Promise((resolve, reject) => {
    destination.write(Buffer.from(text), (error, writtenBytes) => {
      if (error === null) resolve(writtenBytes)
      else reject(error)
    })
  })

const hasProc = existsSync('/proc/self/fd')

/** How many files in the test's directory this process has open. */
const openFiles = (): number => {
  const targets = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)]
    } catch {
      return []
    }
  })
  return targets.filter((target) => target.startsWith(directory)).length
}

describe('A log file', () => {
  test('is made when missing', async () => {
    const destination = openDestination(path)

    await write(destination, 'hello\n')

    expect(readFileSync(path, 'utf8')).toBe('hello\n')
    destination.close()
  })

  test('is appended to', async () => {
    writeFileSync(path, 'before\n')
    const destination = openDestination(path)

    await write(destination, 'after\n')

    expect(readFileSync(path, 'utf8')).toBe('before\nafter\n')
    destination.close()
  })

  test('goes on under the same name when reopened', async () => {
    const destination = openDestination(path)
    await write(destination, 'one\n')

    renameSync(path, `${path}.1`)
    await write(destination, 'two\n')
    expect(destination.reopen()).toBe(true)
    await write(destination, 'three\n')

    expect(readFileSync(`${path}.1`, 'utf8')).toBe('one\ntwo\n')
    expect(readFileSync(path, 'utf8')).toBe('three\n')
    destination.close()
  })

  test('stays as it is when it cannot be reopened', async () => {
    const moved = `${directory}-moved`
    const destination = openDestination(path)
    renameSync(directory, moved)

    expect(() => destination.reopen()).toThrow('ENOENT')
    await write(destination, 'still here\n')
    destination.close()

    renameSync(moved, directory)
    expect(readFileSync(path, 'utf8')).toBe('still here\n')
  })

  test.runIf(hasProc)('is the only file open, also when reopened during a write', async () => {
    const destination = openDestination(path)

    const written = write(destination, 'one\n')
    renameSync(path, `${path}.1`)
    destination.reopen()
    renameSync(path, `${path}.2`)
    destination.reopen()
    await written

    expect(readFileSync(`${path}.1`, 'utf8')).toBe('one\n')
    expect(openFiles()).toBe(1)
    destination.close()
    expect(openFiles()).toBe(0)
  })

  test('closes no file of anyone else when reopened during a write', async () => {
    const destination = openDestination(path)

    const written = write(destination, 'one\n')
    destination.reopen()
    // Would get the number of a file that was closed too early, and be closed in its place.
    const other = openSync(join(directory, 'other'), 'w')
    await written

    expect(fstatSync(other).isFile()).toBe(true)
    closeSync(other)
    destination.close()
  })

  test.runIf(hasProc)('is closed after the write under way', async () => {
    const destination = openDestination(path)

    const written = write(destination, 'one\n')
    destination.close()
    await written

    expect(readFileSync(path, 'utf8')).toBe('one\n')
    expect(openFiles()).toBe(0)
  })

  test('is neither reopened nor closed when another process opened it', async () => {
    const fd = openSync(path, 'w')
    const destination = new FileDestination(undefined, fd)

    await write(destination, 'one\n')
    expect(destination.reopen()).toBe(false)
    destination.close()
    await write(destination, 'two\n')

    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
    closeSync(fd)
  })

  test.runIf(existsSync('/dev/full'))('reports that the disk is full', async () => {
    const destination = openDestination('/dev/full')

    await expect(write(destination, 'hello\n')).rejects.toMatchObject({ code: 'ENOSPC' })
    destination.close()
  })

  test('cannot be a directory', () => {
    expect(() => openDestination(directory)).toThrow('EISDIR')
  })

  test('cannot be a named pipe that nobody reads, and does not wait for a reader', () => {
    execFileSync('mkfifo', [path])

    expect(() => openDestination(path)).toThrow('ENXIO')
  })
})

describe('A stream', () => {
  test('takes lines and is left open', async () => {
    const stream = new PassThrough()
    const destination = new StreamDestination(stream)

    expect(await write(destination, 'hello\n')).toBe(6)
    expect(destination.reopen()).toBe(false)
    destination.close()

    expect(String(stream.read())).toBe('hello\n')
    expect(stream.writable).toBe(true)
  })

  test('whose reader went away reports it and does not end the process', async () => {
    const stream = new Writable({
      write: (_chunk, _encoding, callback) => {
        callback(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
      },
    })
    const destination = new StreamDestination(stream)

    await expect(write(destination, 'one\n')).rejects.toMatchObject({ code: 'EPIPE' })
    await expect(write(destination, 'two\n')).rejects.toThrow()
  })
})
