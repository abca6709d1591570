/**
 * Requests that clients of other REST proxies for Kafka send, what those proxies answer, and where kprf answers otherwise:
 * the produce cases of Karapace's `test_rest.py`, of Strimzi's `ProducerIT`, and of Confluent's tests and documentation,
 * told in our own words.
 */

/** The proxies, and the API that they have. */
export const PROXIES = ['Confluent v2', 'Confluent v3', 'Strimzi', 'Karapace'] as const

/** What is compared of an answer. */
export interface Answer {
  readonly status: number
  /** Members that the body has, among others; of a stream of receipts, a list of them. `undefined`: no body. */
  readonly body?: object
}

/** One request. */
export interface Case {
  readonly proxy: (typeof PROXIES)[number]
  /** The fact, as a part of a sentence. */
  readonly what: string
  readonly target: string
  readonly type: string
  readonly body: string | object
  readonly theirs: Answer
  /** Where kprf differs on purpose. */
  readonly ours?: Answer & { readonly why: string }
  /** The record that Kafka has afterwards: members of it, as texts. */
  readonly stored?: { readonly key?: string | null; readonly value?: string | null }
}

/** The topic of the cases; it has three partitions. */
export const TOPIC = 'compat'
const T = `/topics/${TOPIC}`
const P0 = `${T}/partitions/0`
const V3 = `/v3/clusters/kprf/topics/${TOPIC}/records`
const JSON_TYPE = 'application/vnd.kafka.json.v2+json'
const BINARY_TYPE = 'application/vnd.kafka.binary.v2+json'
const TEXT_TYPE = 'application/vnd.kafka.text.v2+json'
const AVRO_TYPE = 'application/vnd.kafka.avro.v2+json'
const PLAIN = 'application/json'

const records = (...list: readonly object[]): object => ({ records: list })
/** The answer to so many delivered records. */
const delivered = (count: number, fields: object = {}): Answer => ({
  status: 200,
  body: {
    offsets: Array.from({ length: count }, () => ({ error_code: null, error: null, ...fields })),
  },
})
const refused = (status: number, error_code = status): Answer => ({ status, body: { error_code } })
const failed = (error_code: number): Answer => ({
  status: 200,
  body: { offsets: [{ error_code }] },
})
const receipt = (fields: object): Answer => ({ status: 200, body: [fields] })

const NO_SCHEMAS = 'kprf has no schema registry, and says so'
const ONE_TYPE =
  'the type says how keys and values are written; a guess would store the wrong bytes'
const NUMBER_OF_CONFLUENT = 'the number is that of Confluent, which tells a topic from a partition'
const STATUS_422 = 'a body that is JSON, but no request, is 422 whatever is wrong with it'
const EACH_ALONE =
  'each record has its own outcome, as in librdkafka; `http.rest.fail_request_when_all_fail` has the status say it'

const KARAPACE: readonly Case[] = [T, P0].flatMap((target) => {
  const base = { proxy: 'Karapace' as const, target, type: JSON_TYPE }
  return [
    { ...base, what: 'an object as the value', body: records({ value: { foo: 'bar' } }), theirs: delivered(1), stored: { key: null, value: '{"foo":"bar"}' } },
    { ...base, what: 'a value in base64', type: BINARY_TYPE, body: records({ value: 'Zm9vCg==' }), theirs: delivered(1), stored: { value: 'foo\n' } },
    { ...base, what: 'no records', body: records(), theirs: refused(422) },
    { ...base, what: 'no list of records', body: { foo: 'bar' }, theirs: refused(422) },
    { ...base, what: 'a misspelt value', body: records({ valur: { foo: 'bar' } }), theirs: refused(422) },
    { ...base, what: 'a value that is not base64', type: BINARY_TYPE, body: records({ value: 'not base64' }), theirs: refused(422, 42_205) },
    { ...base, what: 'Avro without a schema for the value', type: AVRO_TYPE, body: records({ value: { foo: 'bar' } }), theirs: refused(422, 42_202), ours: { ...refused(415), why: NO_SCHEMAS } },
    { ...base, what: 'Avro without a schema for the key', type: AVRO_TYPE, body: records({ key: { foo: 'bar' } }), theirs: refused(422, 42_201), ours: { ...refused(415), why: NO_SCHEMAS } },
  ] // prettier-ignore
})

const OTHER_TYPES: readonly Case[] = [
  ...[
    ['application/vnd.kafka.v1+json', records({ value: 'Zm9v' })] as const,
    ['application/vnd.kafka.binary.v1+json', records({ value: 'Zm9v' })] as const,
    ['application/vnd.kafka.json+json', records({ value: { foo: 'bar' } })] as const,
    ['application/vnd.kafka+json', records({ value: 'Zm9v' })] as const,
  ].map(([type, body]) => ({
    ...{ proxy: 'Karapace' as const, what: `the type \`${type}\``, target: T, type, body },
    theirs: delivered(1),
  })),
  ...[PLAIN, 'application/octet-stream'].map((type) => ({
    ...{ proxy: 'Karapace' as const, what: `the type \`${type}\` for base64`, target: T, type },
    ...{ body: records({ value: 'Zm9v' }), theirs: delivered(1) },
    ours: { ...refused(415), why: ONE_TYPE },
  })),
  ...[
    ...['application/vnd.kafka.v3+json', 'application/vnd.kafka.binary.v1+foo'],
    ...['application/vnd.kafka.json+avro', 'application/vnd.kafka', 'application/text', 'bar/baz'],
  ].map((type) => ({
    ...{ proxy: 'Karapace' as const, what: `the type \`${type}\``, target: T, type },
    ...{ body: records({ value: 'Zm9v' }), theirs: refused(415) },
  })),
  {
    ...{ proxy: 'Karapace', what: 'a record above the limit of Kafka', target: T, type: JSON_TYPE },
    body: records({ value: 'a'.repeat(1_048_576) }),
    theirs: refused(413),
    ours: { ...failed(413), why: EACH_ALONE },
  },
  {
    ...{ proxy: 'Karapace', what: 'a topic that does not exist', target: '/topics/nowhere' },
    ...{ type: JSON_TYPE, body: records({ value: {} }), theirs: refused(404, 40_401) },
    ours: { ...failed(40_401), why: EACH_ALONE },
  },
]

const strimzi = (
  what: string,
  body: object,
  theirs: Answer,
  more: Partial<Pick<Case, 'target' | 'type' | 'ours' | 'stored'>> = {},
): Case => ({ proxy: 'Strimzi', target: T, type: JSON_TYPE, what, body, theirs, ...more })

const STRIMZI: readonly Case[] = [
  strimzi('a text as the value', records({ value: 'message-value' }), delivered(1), {
    stored: { key: null, value: '"message-value"' },
  }),
  strimzi(
    'a record for a partition',
    records({ value: 'message-value', partition: 1 }),
    delivered(1, { partition: 1 }),
  ),
  strimzi('a key', records({ key: 'my-key', value: 'message-value' }), delivered(1), {
    stored: { key: '"my-key"', value: '"message-value"' },
  }),
  strimzi('a key in base64', records({ key: 'bXkta2V5', value: 'dmFsdWU=' }), delivered(1), {
    ...{ type: BINARY_TYPE, stored: { key: 'my-key', value: 'value' } },
  }),
  strimzi('text', records({ key: 'my-key', value: 'value' }), delivered(1), {
    ...{ type: TEXT_TYPE, stored: { key: 'my-key', value: 'value' } },
  }),
  strimzi('an object as text', records({ value: { a: 1 } }), refused(422), { type: TEXT_TYPE }),
  strimzi(
    'headers in base64, one of them twice',
    records({
      value: 'message-value',
      headers: ['key1', 'key2', 'key2'].map((key) => ({ key, value: 'dmFsdWUx' })),
    }),
    delivered(1),
  ),
  strimzi(
    'several records',
    records(...Array.from({ length: 50 }, (_, n) => ({ value: `message-value-${n}` }))),
    delivered(50),
  ),
  strimzi('a null value', records({ key: 'my-key', value: null }), delivered(1), {
    stored: { key: '"my-key"', value: null },
  }),
  strimzi('an object without records', {}, refused(422)),
  strimzi('`async=true`', records({ value: 1 }), { status: 204 }, { target: `${T}?async=true` }),
  strimzi('the path of a partition', records({ value: 1 }), delivered(1, { partition: 1 }), {
    target: `${T}/partitions/1`,
  }),
  strimzi('a partition that does not exist', records({ value: 1, partition: 1000 }), failed(404), {
    ours: { ...failed(40_402), why: NUMBER_OF_CONFLUENT },
  }),
  strimzi('a topic that does not exist', records({ value: 1 }), failed(404), {
    ...{ target: '/topics/nowhere', ours: { ...failed(40_401), why: NUMBER_OF_CONFLUENT } },
  }),
  strimzi(
    'a partition that does not exist, beside one that does',
    records({ value: 1, partition: 1 }, { value: 2, partition: 500 }),
    { status: 200, body: { offsets: [{ partition: 1 }, { error_code: 404 }] } },
    {
      ours: {
        ...{ status: 200, body: { offsets: [{ partition: 1 }, { error_code: 40_402 }] } },
        why: NUMBER_OF_CONFLUENT,
      },
    },
  ),
  strimzi('a partition that is no number, in the path', records({ value: 1 }), refused(400), {
    ...{ target: `${T}/partitions/karel`, ours: { ...refused(422), why: STATUS_422 } },
  }),
  strimzi(
    'a partition in the path and in the record',
    records({ value: 1, partition: 2 }),
    refused(400),
    { target: `${T}/partitions/1`, ours: { ...refused(422), why: STATUS_422 } },
  ),
  strimzi('a record without a value', records({ key: 'my-key' }), refused(400), {
    ours: { ...refused(422), why: STATUS_422 },
  }),
  strimzi('an unknown field', records({ value: 'a', foo: 'b' }), refused(400), {
    ours: {
      ...delivered(1),
      why: 'unknown fields are ignored, and the reply warns of misspelt ones; `http.unknown_fields: reject` refuses them',
    },
  }),
]

const CONFLUENT_V2: readonly Case[] = [
  {
    ...{ proxy: 'Confluent v2', what: 'binary, with a key, a partition and neither', target: T },
    type: BINARY_TYPE,
    body: records(
      { key: 'a2V5', value: 'Y29uZmx1ZW50' },
      { value: 'a2Fma2E=', partition: 1 },
      { value: 'bG9ncw==' },
    ),
    theirs: {
      status: 200,
      body: {
        ...{ key_schema_id: null, value_schema_id: null },
        offsets: [{ error_code: null }, { partition: 1, error_code: null }, { error: null }],
      },
    },
    stored: { value: 'logs' },
  },
  {
    ...{ proxy: 'Confluent v2', what: 'binary to a partition', target: P0, type: BINARY_TYPE },
    ...{
      body: records({ key: 'a2V5', value: 'Y29uZmx1ZW50' }),
      theirs: delivered(1, { partition: 0 }),
    },
    stored: { key: 'key', value: 'confluent' },
  },
  {
    ...{ proxy: 'Confluent v2', what: 'JSON of any kind', target: T, type: JSON_TYPE },
    body: records({ value: 'somejson' }, { value: [1, null] }, { key: { k: 1 }, value: 53.5 }),
    ...{ theirs: delivered(3), stored: { key: '{"k":1}', value: '53.5' } },
  },
  {
    ...{ proxy: 'Confluent v2', what: 'a number beyond 2^53', target: T, type: JSON_TYPE },
    body: '{"records":[{"value":12345678901234567890}]}',
    ...{ theirs: delivered(1), stored: { value: '12345678901234567890' } },
  },
  {
    ...{
      proxy: 'Confluent v2',
      what: 'what Fluent Bit sends (`kafka-rest`)',
      target: T,
      type: JSON_TYPE,
    },
    body: records(
      { key: 'k', partition: 0, value: { '@timestamp': '2026-01-31T12:00:00.000Z', log: 'a' } },
      { value: { '@timestamp': '2026-01-31T12:00:00.001Z', log: 'b' } },
    ),
    theirs: delivered(2),
  },
  {
    ...{
      proxy: 'Confluent v2',
      what: 'what Vector sends (`http` with `payload_prefix`)',
      target: T,
    },
    ...{ type: JSON_TYPE, theirs: delivered(2) },
    body: '{"records":[{"value":{"host":"h","message":"a"}},{"value":{"host":"h","message":"b"}}]}',
  },
  {
    ...{ proxy: 'Confluent v2', what: 'no JSON', target: T, type: JSON_TYPE, body: '{"records":' },
    theirs: refused(400),
  },
  {
    ...{ proxy: 'Confluent v2', what: '`records: null`', target: T, type: JSON_TYPE },
    ...{ body: { records: null }, theirs: refused(422) },
  },
  {
    ...{ proxy: 'Confluent v2', what: 'plain JSON as the type', target: T, type: PLAIN },
    ...{ body: records({ value: 1 }), theirs: refused(415) },
  },
  {
    ...{ proxy: 'Confluent v2', what: 'a record with a key and no value', target: T },
    ...{ type: JSON_TYPE, body: records({ key: 'k' }), theirs: delivered(1) },
    ours: {
      ...refused(422),
      why: 'a misspelt `value` would delete the key from a compacted topic: send `"value": null`',
    },
  },
  {
    ...{ proxy: 'Confluent v2', what: 'Avro with a schema', target: T, type: AVRO_TYPE },
    body: { value_schema: '{"name":"int","type":"int"}', records: [{ value: 12 }] },
    theirs: { status: 200, body: { value_schema_id: 1 } },
    ours: { ...refused(415), why: NO_SCHEMAS },
  },
]

const v3 = (
  what: string,
  body: string | object,
  theirs: Answer,
  more: Partial<Pick<Case, 'target' | 'ours' | 'stored'>> = {},
): Case => ({ proxy: 'Confluent v3', target: V3, type: PLAIN, what, body, theirs, ...more })

const CONFLUENT_V3: readonly Case[] = [
  v3(
    'key and value in base64',
    { key: { type: 'BINARY', data: 'Zm9v' }, value: { type: 'BINARY', data: 'YmFy' } },
    receipt({
      ...{ error_code: 200, cluster_id: 'kprf', topic_name: TOPIC },
      ...{ key: { type: 'BINARY', size: 3 }, value: { type: 'BINARY', size: 3 } },
    }),
    { stored: { key: 'foo', value: 'bar' } },
  ),
  v3(
    'key and value as text',
    { key: { type: 'STRING', data: 'foo' }, value: { type: 'STRING', data: 'bar' } },
    receipt({ error_code: 200, key: { type: 'STRING', size: 3 } }),
    { stored: { key: 'foo', value: 'bar' } },
  ),
  v3(
    'key and value in JSON',
    { key: { type: 'JSON', data: 'foo' }, value: { type: 'JSON', data: { bar: 1 } } },
    receipt({ error_code: 200, value: { type: 'JSON', size: 9 } }),
    { stored: { key: '"foo"', value: '{"bar":1}' } },
  ),
  v3(
    'a partition, headers and a time',
    {
      ...{ partition_id: 1, timestamp: '2026-02-05T19:14:42Z' },
      headers: [{ name: 'Header-1', value: 'SGVhZGVyLTE=' }],
      value: { type: 'STRING', data: 'bar' },
    },
    receipt({ error_code: 200, partition_id: 1 }),
  ),
  v3(
    'a key without a value',
    { key: { type: 'STRING', data: 'foo' } },
    receipt({ error_code: 200 }),
    { stored: { key: 'foo', value: null } },
  ),
  v3(
    'several records, one after the other',
    '{"value":{"type":"JSON","data":1}}{"value":{"type":"JSON","data":2}}\n{"value":{"type":"JSON","data":3}}',
    { status: 200, body: [200, 200, 200].map((error_code) => ({ error_code })) },
  ),
  v3(
    'a value that is not base64',
    { value: { type: 'BINARY', data: 'fooba' } },
    receipt({ error_code: 400 }),
  ),
  v3(
    'a partition that is none',
    { partition_id: -2, value: { type: 'STRING', data: 'bar' } },
    receipt({ error_code: 400 }),
  ),
  v3('nothing', {}, receipt({ error_code: 200 }), {
    ours: {
      ...receipt({ error_code: 400 }),
      why: 'a record without key and value is a mistake: send `"value": {"data": null}`',
    },
  }),
  v3(
    'a value with a schema',
    { value: { type: 'AVRO', schema: '{"type":"int"}', data: 1 } },
    receipt({ error_code: 200 }),
    { ours: { ...receipt({ error_code: 400 }), why: NO_SCHEMAS } },
  ),
  v3(
    'a batch',
    {
      entries: [
        { id: 'a', value: { type: 'JSON', data: 1 } },
        { id: 'b', value: { type: 'BINARY', data: '?' } },
      ],
    },
    {
      status: 207,
      body: {
        successes: [{ id: 'a', error_code: 200 }],
        failures: [{ id: 'b', error_code: 400 }],
      },
    },
    { target: `${V3}:batch` },
  ),
]

/** All of them. */
export const CASES: readonly Case[] = [
  ...CONFLUENT_V2,
  ...CONFLUENT_V3,
  ...STRIMZI,
  ...KARAPACE,
  ...OTHER_TYPES,
]
