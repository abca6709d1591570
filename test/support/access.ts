import { Authenticator } from '../../src/http/access/authenticator.ts'
import { TokenTable } from '../../src/http/access/token-table.ts'

/** Serves whoever asks, as kprf does without tokens. */
export const EVERYBODY = new Authenticator({
  tokens: new TokenTable([]),
  allowsAnonymous: true,
  onDenied: () => undefined,
})
