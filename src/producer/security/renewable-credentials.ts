import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import type { SaslSettings } from './settings.ts'

/** What kprf authenticates with. */
export interface Credentials {
  /** Options for `tls.connect`; `undefined` for plain text. */
  readonly ssl: ConnectionOptions | undefined
  readonly sasl: SaslSettings | undefined
}

/** How to read the credentials again. Whether there is TLS or SASL, and its mechanism, stays. */
export interface CredentialsReader {
  /** The files and directories that they are read from. */
  readonly files: readonly string[]
  /** @throws ProxyError CONFIG_INVALID if a file cannot be used. */
  read(): RenewedCredentials
}

/** Credentials that were read again. */
export interface RenewedCredentials extends Credentials {
  /** To be masked in the log. */
  readonly secrets: readonly string[]
}

/** Receives what became of renewed files. */
export interface RenewalListener {
  /** They are used from now on. */
  onRenewed(renewed: RenewedCredentials): void
  /** They cannot be used, and kprf goes on with what it has. Called once for each state of the files. */
  onRefused(reason: string): void
}

/**
 * The credentials for the next connection. They are read again when one of their files has changed, so that a renewed
 * certificate, key, password or token needs no restart. A file that cannot be used, such as one that is being
 * written, changes nothing.
 */
export class RenewableCredentials {
  readonly #reader: CredentialsReader | undefined
  readonly #listener: RenewalListener
  #current: Credentials
  /** Undefined until they are used for the first time: files may have changed since the start. */
  #fingerprint: string | undefined

  /** @param reader - `undefined` if they come from no file. */
  constructor(
    initial: Credentials,
    reader: CredentialsReader | undefined,
    listener: RenewalListener,
  ) {
    this.#current = initial
    this.#reader = reader
    this.#listener = listener
  }

  /** Returns the newest usable ones. */
  current(): Credentials {
    if (!this.#reader || this.#reader.files.length === 0) return this.#current
    // Taken before the files are read: what changes meanwhile is noticed the next time.
    const fingerprint = this.#reader.files.map(fingerprintOf).join('\n')
    const before = this.#fingerprint
    if (fingerprint === before) return this.#current
    this.#fingerprint = fingerprint
    try {
      const renewed = this.#reader.read()
      this.#current = renewed
      if (before !== undefined) this.#listener.onRenewed(renewed)
    } catch (error) {
      this.#listener.onRefused(error instanceof Error ? error.message : String(error))
    }
    return this.#current
  }
}

/** Changes when a file, or a file in a directory, is written or replaced, also behind a symbolic link. */
function fingerprintOf(path: string): string {
  return [stateOf(path), ...entriesOf(path).map((name) => stateOf(join(path, name)))].join(', ')
}

/** What is in a directory, but not in those within it: nothing is read from there, and links may go round in circles. */
function entriesOf(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function stateOf(path: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
    return [ino, size, mtimeNs, ctimeNs].join(' ')
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
  }
}
