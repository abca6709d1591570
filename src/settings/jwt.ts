/** Converts `http.auth.jwt` to the options of the verifier. */
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { ProxyError } from '../base/errors.ts'
import { fileProblem, quotedPath } from '../base/quotable.ts'
import type { HttpConfig } from '../config/types.ts'
import { fetchText } from '../http/access/jwt/fetch-text.ts'
import type { KeySourceOptions } from '../http/access/jwt/key-source.ts'
import { type JwtRules, parseKeySet } from '../http/access/jwt/verify-jwt.ts'

/** How JSON Web Tokens are verified, and where the keys for it are. */
export interface JwtSettings extends Pick<KeySourceOptions, 'load' | 'refreshMs' | 'cooldownMs'> {
  readonly rules: JwtRules
  /** The key of the configuration that says where the keys are. */
  readonly keyName: string
  /** The key set, if it is in a file. */
  readonly text: string | undefined
}

const FILE_KEY = 'http.auth.jwt.jwks_file'
const URL_KEY = 'http.auth.jwt.jwks_url'

/** How often a file is read again, ms. It is small. */
const FILE_REFRESH_MS = 5_000
const URL_REFRESH_MS = 600_000
/** Whoever can send tokens can name keys that nobody knows. */
const URL_COOLDOWN_MS = 30_000

/**
 * @returns `undefined` if JSON Web Tokens are not configured.
 * @throws ProxyError CONFIG_INVALID if the file of the keys cannot be used.
 */
export function jwtSettings({ auth: { jwt } }: HttpConfig): JwtSettings | undefined {
  if (!hasJwts(jwt)) return undefined
  const { jwksFile: path, jwksUrl, ...rules } = jwt
  if (path === '') {
    const url = new URL(jwksUrl)
    return {
      ...{ rules, keyName: URL_KEY, text: undefined },
      ...{ refreshMs: URL_REFRESH_MS, cooldownMs: URL_COOLDOWN_MS },
      load: (signal) => fetchText(url, signal),
    }
  }
  return {
    ...{ rules, keyName: FILE_KEY, text: readKeySet(path) },
    ...{ refreshMs: FILE_REFRESH_MS, cooldownMs: FILE_REFRESH_MS },
    load: async (signal) => {
      try {
        return await readFile(path, { encoding: 'utf8', signal })
      } catch (error) {
        // Without the cause, whose message contains the path.
        throw new Error(fileProblem(error))
      }
    },
  }
}

/** Whether JSON Web Tokens are configured. */
export function hasJwts({ jwksFile, jwksUrl }: HttpConfig['auth']['jwt']): boolean {
  return jwksFile !== '' || jwksUrl !== ''
}

function readKeySet(path: string): string {
  const complain = (reason: string): never => {
    throw new ProxyError('CONFIG_INVALID', `${FILE_KEY}: cannot use ${quotedPath(path)}: ${reason}`)
  }
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    return complain(fileProblem(error))
  }
  try {
    parseKeySet(text)
  } catch (error) {
    return complain(error instanceof Error ? error.message : String(error))
  }
  return text
}
