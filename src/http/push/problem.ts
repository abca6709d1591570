import type { ErrorCode } from '../../base/errors.ts'

/** What is wrong with a request or a record of it: a value, told apart from a good one by `instanceof`. */
export class Problem {
  readonly code: ErrorCode
  /** For the client, without text of the request. */
  readonly message: string

  constructor(code: ErrorCode, message: string) {
    this.code = code
    this.message = message
  }
}
