import { ProxyError } from '../../base/errors.ts'
import { parseExtensions } from './extensions.ts'
import type { BearerSettings, UnsecuredTokenSettings } from './settings.ts'

const NAMES = ['principalClaimName', 'principal', 'scopeClaimName', 'scope', 'lifeSeconds']
const EXTENSION = 'extension_'

/**
 * Parses `sasl.oauthbearer.config`, as librdkafka does for unsigned tokens: `principal=alice scope=a,b
 * lifeSeconds=600 extension_name=value`.
 *
 * @param key - its name in the configuration.
 * @throws ProxyError CONFIG_INVALID
 */
export function parseUnsecured(
  key: string,
  text: string,
): Pick<BearerSettings, 'extensions'> & { readonly source: UnsecuredTokenSettings } {
  const complain = (complaint: string): never => {
    throw new ProxyError('CONFIG_INVALID', `${key}: ${complaint}`)
  }
  const values = new Map<string, string>()
  const extensions: string[] = []
  for (const [index, pair] of text
    .split(' ')
    .filter((word) => word !== '')
    .entries()) {
    const [name = '', ...rest] = pair.split('=')
    const value = rest.join('=')
    if (name.startsWith(EXTENSION)) extensions.push(pair.slice(EXTENSION.length))
    else if (!NAMES.includes(name))
      complain(`word ${index + 1} is not one of ${NAMES.join(', ')} with a value`)
    else if (value === '' || values.has(name)) complain(`"${name}" must have one value`)
    else values.set(name, value)
  }
  const principal = values.get('principal') ?? complain('"principal" is missing; set it')
  const scope = values.get('scope')
  const lifeSeconds = Number(values.get('lifeSeconds') ?? 3_600)
  if (!Number.isSafeInteger(lifeSeconds) || lifeSeconds < 1) {
    complain('"lifeSeconds" must be a number of seconds')
  }
  const claims = {
    [values.get('principalClaimName') ?? 'sub']: principal,
    ...(scope !== undefined && { [values.get('scopeClaimName') ?? 'scope']: scope.split(',') }),
  }
  return {
    source: { method: 'unsecured', claims, lifeSeconds },
    extensions: parseExtensions(key, extensions.join(',')),
  }
}
