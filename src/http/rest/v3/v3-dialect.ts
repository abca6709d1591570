import { type Dialect, JSON_TYPE } from '../../edge/dialect.ts'
import { restV3Status } from '../../error-mapper.ts'
import { refusalFields } from './receipts.ts'

/** The form of errors of the API v3 of the Confluent REST Proxy. */
export const REST_V3: Dialect = {
  refusal: (refusal) => ({
    status: restV3Status(refusal.code),
    contentType: JSON_TYPE,
    body: `{${refusalFields(refusal)}}`,
  }),
}
