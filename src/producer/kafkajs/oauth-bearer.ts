import type { Mechanism } from 'kafkajs'
import { KafkaJSSASLAuthenticationError } from 'kafkajs/src/errors.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import type { TokenSource } from '../security/bearer-token.ts'

const SEPARATOR = '\x01'
const ACKNOWLEDGEMENT = Buffer.from(SEPARATOR)
/** kafkajs passes answers with their length in front. */
const LENGTH_BYTES = 4

/** The data to send: always the newest token and extensions. */
export interface BearerIdentity {
  readonly tokens: TokenSource
  readonly extensions: () => Readonly<Record<string, string>>
}

/**
 * SASL OAUTHBEARER (RFC 7628) as a custom mechanism for kafkajs. Workaround: kafkajs's own does not check the
 * broker's answer. A broker refuses a token in an answer without an error code, and waits for the client to
 * acknowledge it; kafkajs treats this as success and sends its next request, and the broker closes the connection.
 */
export function oauthBearer({ tokens, extensions }: BearerIdentity): Mechanism {
  return {
    mechanism: 'OAUTHBEARER',
    authenticationProvider: ({ saslAuthenticate }) => ({
      authenticate: async () => {
        const exchange = async (message: Buffer | string): Promise<Buffer> => {
          const { buffer } = new Encoder().writeBytes(Buffer.from(message))
          const answer = await saslAuthenticate<Buffer>({
            request: { encode: () => buffer },
            response: {
              decode: (data) => data.subarray(LENGTH_BYTES),
              parse: (data) => data,
            },
          })
          return answer ?? Buffer.alloc(0)
        }
        const token = await tokens.token()
        const extras = Object.entries(extensions()).map(
          ([name, value]) => `${name}=${value}${SEPARATOR}`,
        )
        const head = `n,,${SEPARATOR}auth=Bearer ${token}${SEPARATOR}`
        const refusal = await exchange(`${head}${extras.join('')}${SEPARATOR}`)
        if (refusal.length === 0) return
        // The broker then fails the authentication, in an answer without further information.
        await exchange(ACKNOWLEDGEMENT).catch(() => undefined)
        throw new KafkaJSSASLAuthenticationError(
          `SASL OAUTHBEARER authentication failed: ${refusal.toString()}`,
        )
      },
    }),
  }
}
