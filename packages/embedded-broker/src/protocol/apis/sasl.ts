/** SaslHandshake and SaslAuthenticate. */
import { array, bytes, int16, int64, nullableString, since, string, struct } from '../codec.ts'

/** Version 0 is followed by bare SASL tokens, version 1 by SaslAuthenticate requests (KIP-152). */
export const saslHandshakeApi = {
  key: 17,
  name: 'SaslHandshake',
  minVersion: 0,
  maxVersion: 1,
  request: struct({ mechanism: string }),
  response: struct({ errorCode: int16, mechanisms: array(string) }),
} as const

/** Versions and layout of SaslAuthenticate. */
export const saslAuthenticateApi = {
  key: 36,
  name: 'SaslAuthenticate',
  minVersion: 0,
  maxVersion: 2,
  flexibleFrom: 2,
  request: struct({ token: bytes }),
  response: struct({
    errorCode: int16,
    errorMessage: nullableString,
    token: bytes,
    sessionLifetimeMs: since(1, int64, 0n),
  }),
} as const
