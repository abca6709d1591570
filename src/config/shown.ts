/**
 * The values that `kprf config print` and `kprf config explain` show, with secrets masked, also secrets that other
 * text holds by mistake, such as an address with a password.
 */
import { MASK } from '../base/quotable.ts'
import { parseBroker, splitBrokers } from './brokers.ts'
import { findProperty } from './properties/catalog.ts'
import type { NamedSetting } from './settings.ts'

/** Keys and properties whose value is the address of an HTTP server. */
const URLS: ReadonlySet<string> = new Set(['sasl.oauthbearer.token.endpoint.url'])
/** Keys and properties that name a user, which may be an e-mail address. */
const USERS: ReadonlySet<string> = new Set(['kafka.user', 'sasl.username'])

/** The printable form of the value of a key. */
export function shownSetting(
  { key, sensitive, secretFields }: NamedSetting,
  value: unknown,
): unknown {
  if (sensitive === true) return value === '' ? value : MASK
  if (secretFields !== undefined) return withoutFields(value, secretFields)
  return shownText(key, value)
}

/** The printable form of the value of a property. */
export function shownProperty(name: string, value: unknown): unknown {
  const named = findProperty(name)
  if (!named || named.property.sensitive === true) return value === '' ? value : MASK
  if (named.property.kind.isList === true && typeof value === 'string') {
    const isPlain = splitBrokers([value]).every((address) => parseBroker(address) !== undefined)
    return isPlain ? value : MASK
  }
  return shownText(named.usualName, value)
}

function withoutFields(value: unknown, names: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutFields(item, names))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, part]: [string, unknown]) => [
      name,
      names.includes(name) ? masked(part) : withoutFields(part, names),
    ]),
  )
}

function masked(secret: unknown): unknown {
  return Array.isArray(secret) ? secret.map(() => MASK) : MASK
}

function shownText(name: string, value: unknown): unknown {
  if (typeof value !== 'string' || value === '') return value
  if (URLS.has(name)) return withoutCredentials(value)
  const mayBeSecret = USERS.has(name) ? /:.*@|[\r\n]|-----/ : /[@\r\n]|-----|:\/\/.*[?#]/
  return mayBeSecret.test(value) ? MASK : value
}

/** User, password, query and fragment of an address may be secrets. */
function withoutCredentials(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) return MASK
  const rest = url.search !== '' || url.hash !== '' ? `?${MASK}` : ''
  return url.username === '' && url.password === '' ? `${url.origin}${url.pathname}${rest}` : MASK
}
