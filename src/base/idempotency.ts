/** What the table of idempotency keys, the routes and the write-ahead log tell one another. */

/** The key of a request, and what was sent under it: two SHA-256, each as 32 characters of one byte. */
export interface IdempotencyKey {
  /** Of the client, the route and the key. */
  readonly identity: string
  /** Of the query and the decompressed body. */
  readonly fingerprint: string
}

/** The answer to a request, for those who repeat it. */
export interface RememberedReply {
  readonly status: number
  readonly contentType: string
  /** Names and values, alternating; without those of every reply. */
  readonly headers: readonly string[]
  readonly body: string
}

/** How a request ended, and what a repeat of it gets. */
export type KeyOutcome =
  /** All of its records were accepted: the route has one reply for all such requests. */
  | { readonly kind: 'accepted' }
  /** Kafka has, or will have, at least one of its records. */
  | { readonly kind: 'answered'; readonly reply: RememberedReply }
  /** Kafka may have its records. No reply if the process ended before there was one. */
  | { readonly kind: 'unknown'; readonly reply: RememberedReply | undefined }
  /** Certainly none of its records is stored: the key is free again. */
  | { readonly kind: 'nothing' }

export const ACCEPTED = { kind: 'accepted' } as const satisfies KeyOutcome
export const NOTHING = { kind: 'nothing' } as const satisfies KeyOutcome
/** Of a process that ended. */
export const UNKNOWN = { kind: 'unknown', reply: undefined } as const satisfies KeyOutcome

/** An outcome that is remembered. */
export type KeptOutcome = Exclude<KeyOutcome, { readonly kind: 'nothing' }>

/** What a key is when a request with it arrives. */
export type KeyState =
  /** The request goes on. It must end its key. */
  | { readonly kind: 'begun' }
  /** An earlier request with it has no answer yet. */
  | { readonly kind: 'inUse' }
  /** It was sent with another body or query. */
  | { readonly kind: 'otherContent' }
  /** There is no room for one more key. */
  | { readonly kind: 'full' }
  /** An earlier request with it has ended so. */
  | { readonly kind: 'ended'; readonly outcome: KeptOutcome }

/** A key of an earlier process, as its write-ahead log has it. */
export interface RestoredKey extends IdempotencyKey {
  readonly outcome: KeptOutcome
  /** Time since it ended, ms. */
  readonly ageMs: number
}

/** The keys of this process alone, or of several together. */
export interface IdempotencyKeys {
  /** Asks for a key, and takes it if it is free. */
  begin(key: IdempotencyKey): KeyState | Promise<KeyState>
  /** Ends a key that was begun here. */
  end(key: IdempotencyKey, outcome: KeyOutcome): void
  /**
   * Adds all that the write-ahead log in one folder knows of earlier processes.
   *
   * @param slot - the name of the folder.
   * @param isOwn - whether this process writes it from now on.
   */
  restore(slot: string, isOwn: boolean, keys: readonly RestoredKey[]): void
}
