/** What a door says of its operations. */
import type { ErrorCode } from '../../base/errors.ts'
import type { ErrorForm } from './errors.ts'
import type { Json, Operation, Parameter, Response, Schema } from './types.ts'

/** A request that a reader may try, and its reply. */
export interface Sample {
  /** Of the examples that belong together: letters and digits. */
  readonly name: string
  readonly summary: string
  /** Values of parameters, by their names. */
  readonly parameters?: Readonly<Record<string, string>>
  readonly contentType?: string
  readonly body?: Json
  readonly status: number
  /** @defaultValue the reply has no body */
  readonly reply?: Json
}

/** What makes an operation. */
export interface OperationParts extends Pick<Operation, 'operationId' | 'summary' | 'description'> {
  readonly method: string
  readonly path: string
  readonly parameters: readonly Parameter[]
  /** Schemas of bodies by media type; `undefined` for a body of any content. */
  readonly bodies?: Readonly<Record<string, Schema | undefined>>
  readonly bodyDescription?: string
  readonly isBodyRequired?: boolean
  /** The replies to good requests, by status. */
  readonly replies: Readonly<Record<number, Response>>
  readonly errorForm: ErrorForm
  readonly errors: readonly ErrorCode[]
  readonly samples: readonly Sample[]
}
