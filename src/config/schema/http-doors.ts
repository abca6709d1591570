/** `http.*`: the doors beside `/push`. */
import { textList } from '../list-kinds.ts'
import { headerProblem } from '../lists/origin-lists.ts'
import { boolean } from '../kinds.ts'
import { setting } from '../setting.ts'

export const HTTP_DOORS = {
  rest: {
    fail_request_when_all_fail: setting({
      doc: 'Whether a request to `/topics/{topic}` of which every record failed has the status of its most important failure, for clients that look at the status only (Fluent Bit). Otherwise it is 200 with an error for each record, as in the Confluent REST Proxy.',
      kind: boolean(),
      default: false,
    }),
  },
  raw: {
    forward_headers: setting({
      doc: 'Request headers that `/topics/{topic}/raw` keeps as headers of the record. `Content-Type` always is, and `Kafka-Header-NAME` is the header NAME. Several of one name are kept in their order.',
      kind: textList('a list of names of headers', headerProblem),
      default: [],
    }),
  },
}
