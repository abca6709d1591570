/** `http.*`: the doors beside `/push`. */
import { textList } from '../list-kinds.ts'
import { headerProblem } from '../lists/origin-lists.ts'
import { setting } from '../setting.ts'

export const HTTP_DOORS = {
  raw: {
    forward_headers: setting({
      doc: 'Request headers that `/topics/{topic}/raw` keeps as headers of the record. `Content-Type` always is, and `Kafka-Header-NAME` is the header NAME. Several of one name are kept in their order.',
      kind: textList('a list of names of headers', headerProblem),
      default: [],
    }),
  },
}
