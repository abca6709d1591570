import type { IncomingMessage } from 'node:http'
import { ProxyError } from '../../base/errors.ts'
import type { Cors } from './cors.ts'

/**
 * Refuses the pages of origins that are not listed, on a path that takes any content type. A browser sends a body as
 * `text/plain` without asking; paths that demand another type refuse it by that.
 *
 * @param cors - `undefined` if no origin is listed.
 * @throws ProxyError `ORIGIN_NOT_ALLOWED`.
 */
export function assertListedOrigin(
  { headers: { origin } }: IncomingMessage,
  cors: Pick<Cors, 'allows'> | undefined,
): void {
  if (origin === undefined || cors?.allows(origin) === true) return
  throw new ProxyError(
    'ORIGIN_NOT_ALLOWED',
    'the request has an Origin header, and http.cors.origins does not list that origin',
  )
}
