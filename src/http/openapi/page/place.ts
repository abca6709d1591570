import type { Operation } from '../types.ts'

/** An operation, and where it is. */
export interface Place {
  readonly method: string
  readonly path: string
  readonly operation: Operation
}
