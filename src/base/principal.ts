/** Who sent a request, as far as kprf can tell. Rules decide by it what may be written. */
export interface Principal {
  /** As operators know it; never empty. */
  readonly name: string
}

/** Whoever did not say, or was not asked. */
export const ANONYMOUS: Principal = { name: 'anonymous' }

/** Whoever signs the webhooks of a path: who that is, only its secret says. */
export function webhookPrincipal(path: string): Principal {
  return { name: `webhook:${path}` }
}

/** Up to 255 characters that fit into a line of the log. `*` is any text in rules. */
const NAME = /^[^\p{C}\p{Z}*][^\p{C}*]{0,254}$/u

/** Whether a text can be the name of a principal. */
export function isPrincipalName(text: string): boolean {
  return NAME.test(text)
}
