/** Writes refusals as the API v3 of the Confluent REST Proxy does: https://docs.confluent.io/platform/current/kafka-rest/api.html. */
import { type Dialect, JSON_TYPE } from '../../edge/dialect.ts'
import { HTTP_MAPPINGS, restV3CodeOfRefusal } from '../../error-mapper.ts'

/** `{"error_code", "message"}`. */
export const REST_V3_READS: Dialect = {
  refusal: ({ code, message }) => ({
    status: HTTP_MAPPINGS[code].status,
    contentType: JSON_TYPE,
    body: JSON.stringify({ error_code: restV3CodeOfRefusal(code), message }),
  }),
}
