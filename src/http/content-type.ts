import { MIMEType } from 'node:util'
import { ProxyError } from '../base/errors.ts'

/**
 * Checks that the Content-Type is JSON in UTF-8, the only encoding of JSON (RFC 8259, 8.1).
 *
 * @throws ProxyError `UNSUPPORTED_MEDIA_TYPE`.
 */
export function assertJsonContentType(contentType: string | undefined): void {
  // Nearly every client sends this; it needs no parsing.
  if (contentType === 'application/json') return
  if (contentType === undefined || !isJsonInUtf8(contentType)) {
    throw new ProxyError('UNSUPPORTED_MEDIA_TYPE', 'Content-Type must be application/json in UTF-8')
  }
}

function isJsonInUtf8(contentType: string): boolean {
  let type: MIMEType
  try {
    type = new MIMEType(contentType)
  } catch {
    return false
  }
  if (type.essence !== 'application/json') return false
  const charset = type.params.get('charset')?.toLowerCase() ?? 'utf-8'
  return charset === 'utf-8' || charset === 'utf8'
}
