import type { MaybePromise } from '../types.ts'

/**
 * Compresses the concatenated pieces: in place if that is faster than another thread, otherwise in a promise that
 * works on a copy. So the pieces are not read after the call returns.
 */
export type Compressor = (pieces: readonly Buffer[]) => MaybePromise<Buffer>
