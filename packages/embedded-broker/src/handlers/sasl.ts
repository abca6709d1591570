/** Serves SaslHandshake and SaslAuthenticate. */
import type { Endpoint } from '../endpoint.ts'
import { endpoint } from '../endpoint.ts'
import { answer } from '../exchange.ts'
import { saslAuthenticateApi, saslHandshakeApi } from '../protocol/apis/sasl.ts'
import { ErrorCode } from '../protocol/error-code.ts'

/** The SaslHandshake endpoint. */
export function saslHandshakeEndpoint(): Endpoint {
  return endpoint(saslHandshakeApi, ({ mechanism }, { version }, { authenticator }) => {
    if (!authenticator) {
      return answer({ errorCode: ErrorCode.ILLEGAL_SASL_STATE, mechanisms: [] })
    }
    const { mechanisms } = authenticator
    if (authenticator.start(mechanism, version === 0)) {
      return answer({ errorCode: ErrorCode.NONE, mechanisms })
    }
    const errorCode = ErrorCode.UNSUPPORTED_SASL_MECHANISM
    return { ...answer({ errorCode, mechanisms }), thenCut: true }
  })
}

/** The SaslAuthenticate endpoint. It answers a failure, then closes the connection. */
export function saslAuthenticateEndpoint(): Endpoint {
  const failed = (errorCode: number, errorMessage: string) => ({
    ...answer({ errorCode, errorMessage, token: Buffer.alloc(0), sessionLifetimeMs: 0n }),
    thenCut: true,
  })
  return endpoint(saslAuthenticateApi, ({ token }, _received, { authenticator }) => {
    if (authenticator?.isUnderWay !== true) {
      return failed(ErrorCode.ILLEGAL_SASL_STATE, 'the client sent no SASL handshake')
    }
    const step = authenticator.next(token)
    if (step.kind === 'failed') {
      return failed(ErrorCode.SASL_AUTHENTICATION_FAILED, 'the credentials are not valid')
    }
    return answer({
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      token: step.token,
      sessionLifetimeMs: 0n,
    })
  })
}
