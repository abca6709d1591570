import { type Dialect, JSON_TYPE } from '../../edge/dialect.ts'
import { HTTP_MAPPINGS } from '../../error-mapper.ts'
import { refusalFields } from './receipts.ts'

/** The form of errors of the API v3 of the Confluent REST Proxy. */
export const REST_V3: Dialect = {
  refusal: (refusal) => ({
    status: HTTP_MAPPINGS[refusal.code].status,
    contentType: JSON_TYPE,
    body: `{${refusalFields(refusal)}}`,
  }),
}
