import { ProxyError } from '../../base/errors.ts'

/** How keys and values of records are written: as JSON, in base64, or as text. */
export type EmbeddedFormat = 'json' | 'binary' | 'text'

/** The type of the replies. */
export const REST_V2_TYPE = 'application/vnd.kafka.v2+json'

/** The `Content-Type` of a format. */
export function typeOfFormat(format: EmbeddedFormat): string {
  return `application/vnd.kafka.${format}.v2+json`
}

/** Without a format, it is binary: https://docs.confluent.io/platform/current/kafka-rest/api.html#content-types. */
const MEDIA_TYPE =
  /^application\/vnd\.kafka(?:\.(json|binary|text|avro|protobuf|jsonschema))?(?:\.v[12])?\+json$/

/**
 * Returns the format that a `Content-Type` names.
 *
 * @throws ProxyError `UNSUPPORTED_MEDIA_TYPE`.
 */
export function formatOf(contentType = ''): EmbeddedFormat {
  const [essence = ''] = contentType.split(';', 1)
  const found = MEDIA_TYPE.exec(essence.trim().toLowerCase())
  if (found === null) throw new ProxyError('UNSUPPORTED_MEDIA_TYPE', UNKNOWN_TYPE)
  const [, format = 'binary'] = found
  if (format === 'json' || format === 'binary' || format === 'text') return format
  throw new ProxyError(
    'UNSUPPORTED_MEDIA_TYPE',
    `kprf has no schema registry, which ${format} needs: send json, binary or text`,
  )
}

const UNKNOWN_TYPE =
  'Content-Type must be application/vnd.kafka.json.v2+json, or the same with binary or text in place of json; /push takes application/json'
