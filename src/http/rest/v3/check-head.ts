import { ProxyError } from '../../../base/errors.ts'
import { assertJsonContentType } from '../../content-type.ts'
import type { Call } from '../../edge/route.ts'
import { INVALID_TOPIC, isTopic } from '../../push/record-fields.ts'

/**
 * Checks what all requests that produce through the API v3 have in their heads.
 *
 * @throws ProxyError `UNSUPPORTED_MEDIA_TYPE` or `INVALID_TOPIC`.
 */
export function checkV3Head({ request, params }: Pick<Call, 'request' | 'params'>): void {
  assertJsonContentType(request.headers)
  const { code, message } = INVALID_TOPIC
  if (!isTopic(params['topic'] ?? '')) throw new ProxyError(code, message)
}
