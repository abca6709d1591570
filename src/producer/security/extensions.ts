import { ProxyError } from '../../base/errors.ts'

/** RFC 7628, section 3.1, as Kafka's own clients check it. */
const NAME = /^[A-Za-z]+$/
const VALUE = /^[\x20-\x7e\t\r\n]+$/

/**
 * Parses `sasl.oauthbearer.extensions`: `name=value,name2=value2`.
 *
 * @param key - its name in the configuration.
 * @throws ProxyError CONFIG_INVALID
 */
export function parseExtensions(key: string, text: string): Readonly<Record<string, string>> {
  const extensions: Record<string, string> = {}
  for (const [index, pair] of (text === '' ? [] : text.split(',')).entries()) {
    const [name = '', ...rest] = pair.split('=')
    const value = rest.join('=')
    // The name auth is reserved for the token itself.
    if (!NAME.test(name) || !VALUE.test(value) || name.toLowerCase() === 'auth') {
      const message = `${key}: extension ${index + 1} is not valid; write name=value,name2=value2, with names of letters other than auth`
      throw new ProxyError('CONFIG_INVALID', message)
    }
    extensions[name] = value
  }
  return extensions
}
