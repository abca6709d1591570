import type { MaybePromise } from '../types.ts'

/**
 * Compresses what the pieces hold together. At once where that is faster than to wait for another thread; a
 * promise works on a copy. So the pieces are read no more once this returns.
 */
export type Compressor = (pieces: readonly Buffer[]) => MaybePromise<Buffer>
