/** Who sent a request, as far as kprf can tell. Rules decide by it what may be written. */
export interface Principal {
  /** As operators know it; never empty. */
  readonly name: string
}

/** Whoever did not say, or was not asked. */
export const ANONYMOUS: Principal = { name: 'anonymous' }
