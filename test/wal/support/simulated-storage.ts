/** A folder in memory that loses power, and whose operations fail when a test says so. */
import type { AppendedFile, DiskSpace, Storage } from '../../../src/wal/storage.ts'
import type { SeededRandom } from '../../support/random.ts'

/** What a disk writes whole or not at all, bytes. */
const SECTOR_BYTES = 512

/** One operation, as a fault sees it. */
export interface Operation {
  readonly name:
    | 'list'
    | 'create'
    | 'read'
    | 'size'
    | 'remove'
    | 'rename'
    | 'link'
    | 'syncFolder'
    | 'space'
    | 'append'
    | 'sync'
    | 'truncate'
    | 'close'
  readonly file: string
  /** Of a read. */
  readonly position?: number
  readonly length?: number
}

interface StoredFile {
  bytes: Buffer
  /** The content that survives whatever happens. */
  durable: Buffer
}

/** An error of the operating system. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code })
}

export class SimulatedStorage implements Storage {
  /** By name, as a process sees them. */
  #files = new Map<string, StoredFile>()
  /** By name, as they survive a power loss. */
  #durableNames = new Map<string, StoredFile>()
  /** Operations so far. */
  operations = 0
  free = Infinity
  diskBytes = 10_000
  /** Called before each operation; what it throws, the operation rejects with. An append may be done in part. */
  fault: (operation: Operation, number: number) => void = () => undefined
  /** Called before each operation, which begins once what it returns has resolved. */
  delay: (operation: Operation) => Promise<unknown> | undefined = () => undefined
  /** Of the bytes of an append that fails, how many are written all the same. */
  failedAppendShare = 0
  #isOff = false

  list(): Promise<readonly string[]> {
    return this.#do('list', '', () => [...this.#files.keys()])
  }

  create(name: string): Promise<AppendedFile> {
    return this.#do('create', name, () => {
      if (this.#files.has(name)) throw systemError('EEXIST')
      const file = { bytes: Buffer.alloc(0), durable: Buffer.alloc(0) }
      this.#files.set(name, file)
      return this.#open(name, file)
    })
  }

  read(name: string, position: number, length: number): Promise<Buffer> {
    const operation = { name: 'read', file: name, position, length } as const
    return this.#perform(operation, () =>
      Buffer.from(this.#file(name).bytes.subarray(position, position + length)),
    )
  }

  size(name: string): Promise<number> {
    return this.#do('size', name, () => this.#file(name).bytes.length)
  }

  remove(name: string): Promise<void> {
    return this.#do('remove', name, () => {
      this.#file(name)
      this.#files.delete(name)
    })
  }

  rename(name: string, to: string): Promise<void> {
    return this.#do('rename', name, () => {
      this.#files.set(to, this.#file(name))
      this.#files.delete(name)
    })
  }

  link(name: string, to: string): Promise<void> {
    return this.#do('link', name, () => {
      if (this.#files.has(to)) throw systemError('EEXIST')
      this.#files.set(to, this.#file(name))
    })
  }

  syncFolder(): Promise<void> {
    return this.#do('syncFolder', '', () => {
      this.#durableNames = new Map(this.#files)
    })
  }

  space(): Promise<DiskSpace> {
    return this.#do('space', '', () => ({ freeBytes: this.free, diskBytes: this.diskBytes }))
  }

  /** The content of a file, to look at. */
  bytesOf(name: string): Buffer {
    return this.#file(name).bytes
  }

  /** Replaces the content of a file. */
  overwrite(name: string, bytes: Buffer): void {
    const file = { bytes, durable: bytes }
    this.#files.set(name, file)
    this.#durableNames.set(name, file)
  }

  /** Names that a process would see now. */
  get names(): readonly string[] {
    return [...this.#files.keys()].sort()
  }

  /** The folder after the process was killed: what it wrote is there. Operations of the dead process reject. */
  killed(): SimulatedStorage {
    this.#isOff = true
    const after = new SimulatedStorage()
    after.#files = this.#files
    after.#durableNames = this.#durableNames
    return after
  }

  /**
   * The folder after a power loss: of what was not synced, any sectors are there, any file may be shorter, and any
   * creation, removal and renaming may not have happened.
   */
  afterPowerLoss(random: SeededRandom): SimulatedStorage {
    this.#isOff = true
    const after = new SimulatedStorage()
    for (const name of new Set([...this.#files.keys(), ...this.#durableNames.keys()])) {
      const file = random.next() < 0.5 ? this.#files.get(name) : this.#durableNames.get(name)
      const isSure = this.#files.get(name) === this.#durableNames.get(name)
      const kept = isSure ? this.#files.get(name) : file
      if (kept) after.overwrite(name, survivingBytes(kept, random))
    }
    return after
  }

  #open(name: string, file: StoredFile): AppendedFile {
    return {
      append: (pieces) => {
        const added = Buffer.concat(pieces)
        const part = Math.floor(added.length * this.failedAppendShare)
        const write = (length: number) => (): void => {
          file.bytes = Buffer.concat([file.bytes, added.subarray(0, length)])
        }
        return this.#do('append', name, write(added.length), write(part))
      },
      sync: () =>
        this.#do('sync', name, () => {
          file.durable = Buffer.from(file.bytes)
        }),
      truncate: (length) =>
        this.#do('truncate', name, () => {
          file.bytes = file.bytes.subarray(0, length)
        }),
      close: () => this.#do('close', name, () => undefined),
    }
  }

  #do<T>(
    name: Operation['name'],
    file: string,
    effect: () => T,
    effectOfFailure?: () => void,
  ): Promise<T> {
    return this.#perform({ name, file }, effect, effectOfFailure)
  }

  /** Nothing is done, nor answered, once the process or the power is gone. */
  async #perform<T>(
    operation: Operation,
    effect: () => T,
    effectOfFailure: () => void = () => undefined,
  ): Promise<T> {
    await this.delay(operation)
    if (this.#isOff) return new Promise<never>(() => undefined)
    this.operations += 1
    try {
      this.fault(operation, this.operations)
    } catch (error) {
      effectOfFailure()
      throw error
    }
    return effect()
  }

  #file(name: string): StoredFile {
    const file = this.#files.get(name)
    if (file === undefined) throw systemError('ENOENT')
    return file
  }
}

function survivingBytes({ bytes, durable }: StoredFile, random: SeededRandom): Buffer {
  const shortest = Math.min(bytes.length, durable.length)
  const longest = Math.max(bytes.length, durable.length)
  const length = shortest + Math.floor(random.next() * (longest - shortest + 1))
  const surviving = Buffer.alloc(length)
  for (let at = 0; at < length; at += SECTOR_BYTES) {
    const source = random.next() < 0.5 ? bytes : durable
    if (at < source.length) source.copy(surviving, at, at, Math.min(at + SECTOR_BYTES, length))
  }
  // What was durable and was not changed since is there.
  durable.copy(surviving, 0, 0, commonPrefix(bytes, durable))
  return surviving
}

function commonPrefix(one: Buffer, other: Buffer): number {
  const length = Math.min(one.length, other.length)
  for (let at = 0; at < length; at += 1) if (one[at] !== other[at]) return at
  return length
}
