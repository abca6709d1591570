import type { ErrorCode } from '../../base/errors.ts'

/** A problem of a request or one of its records. A value, distinguished from a good one by `instanceof`. */
export class Problem {
  readonly code: ErrorCode
  /** The message for the client. It quotes nothing of the request but short names of fields. */
  readonly message: string

  constructor(code: ErrorCode, message: string) {
    this.code = code
    this.message = message
  }
}

/**
 * A field is missing, or its value has the wrong JSON type: the release of the Rust kprf could not read such a body.
 */
export class Mistyped extends Problem {}
