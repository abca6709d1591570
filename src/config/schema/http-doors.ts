/** `http.*`: the doors beside `/push`. */
import { textList, webhooks } from '../list-kinds.ts'
import { headerProblem } from '../lists/origin-lists.ts'
import { boolean, webUrl } from '../kinds.ts'
import { setting } from '../setting.ts'

export const HTTP_DOORS = {
  rest: {
    fail_request_when_all_fail: setting({
      doc: 'Whether a request to `/topics/{topic}` fails as a whole if every record failed. It then has the status of its most important failure, for clients that look at the status only (Fluent Bit). Otherwise it is 200 with an error for each record, as in the Confluent REST Proxy.',
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
  propagate_trace: setting({
    doc: 'Whether records get the headers `traceparent` and `tracestate` of their request. That is its [trace context](HTTP-API.md#trace-context). Off by default: it makes each record larger, and clients could choose the trace that consumers are seen in.',
    kind: boolean(),
    default: false,
  }),
  otlp_endpoint: setting({
    doc: 'Where a span of each push is sent to, by OTLP over HTTP ([HTTP-API.md](HTTP-API.md#spans)). It is the whole address, such as `http://127.0.0.1:4318/v1/traces`. Headers for it, such as a token: `OTEL_EXPORTER_OTLP_HEADERS`. Empty: kprf makes no spans, and loads nothing for them.',
    kind: webUrl(),
    default: '',
  }),
  webhooks: setting({
    doc: 'Paths for the webhooks of other services ([HTTP-API.md](HTTP-API.md#webhooks)). Each has a `path`, such as `/hooks/shop`, and a `topic`; the body is the value, byte for byte. `verify` says how the signature is verified: its `scheme` (`hmac_sha256`, `hmac_sha1`, `standard_webhooks`, `stripe`, `github` or `slack`), a `secret`, several `secrets` or a `secret_file` with one in each line, the `header` of the signature (with `hmac_sha256` and `hmac_sha1`), and `tolerance_s`, how old a signed time may be (300). Without `verify`, clients need credentials as for `/push`. `key_from` is where the key comes from: `header:NAME`, `json:/POINTER` or `delivery_id`; without it, records have none. `answer_challenge` answers the `url_verification` of Slack. `wait: false` answers before Kafka has the record.',
    kind: webhooks(),
    default: [],
    secretFields: ['secret', 'secrets'],
  }),
}
