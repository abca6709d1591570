/** Why kprf answers as the release of the Rust kprf does, or does not. */

/** What the requests of a verdict have in common, and the reason. Both go to docs/MIGRATION.md. */
export interface Verdict {
  readonly requests: string
  readonly why: string
}

export const VERDICTS = {
  same: {
    requests: 'All that the release took and kprf takes, and all that both refuse alike',
    why: 'The status is the same, and so is every byte of the reply to a push that went well.',
  },
  'takes-more': {
    requests:
      'A byte order mark; `Content-Encoding: gzip`; an empty `Content-Type`; `"partition": 1.0`; half of a surrogate pair in an unknown field',
    why: 'Taking them harms nobody.',
  },
  'no-push': {
    requests:
      'JSON that is no push: a field is missing or has the wrong type, `data` or `records` is there twice',
    why: '400 is only for what is not JSON. The message says which field of which record.',
  },
  'failed-sync': {
    requests:
      'A push that waits, and Kafka or a limit refuses a record: no such partition, too large, over the rate limit',
    why: 'The status says what to do. Proxies and clients send a request with status 500 again.',
  },
  'failed-async': {
    requests: 'The same, and the push does not wait',
    why: 'The release said `ok` and dropped the record.',
  },
  'invalid-record-sync': {
    requests: 'A push that waits, with a topic or partition that cannot exist',
    why: 'It never goes well. Nothing of it is produced, so that it can be corrected and sent again without duplicates.',
  },
  'invalid-record-async': {
    requests: 'The same, and the push does not wait',
    why: 'The release said `ok` and dropped the record.',
  },
  'new-field': {
    requests:
      'A wrong value in `headers`, `timestamp`, `encoding` or `return_offsets`, which the release ignored',
    why: 'These fields have a meaning now. A record would be stored otherwise than its client says.',
  },
  'forbidden-name': {
    requests: 'A field named `__proto__`, `constructor` or `prototype`',
    why: 'No client needs it, and it is how careless programs behind a proxy are attacked.',
  },
  'json-limits': {
    requests: 'An unknown field nested deeper than 64 levels, or with a name that occurs twice',
    why: 'Time and memory of the parser are bounded; of a name that occurs twice one value would be lost.',
  },
  'large-body': {
    requests: 'A body of more than `http.max_body_bytes`',
    why: 'The release had no limit on memory. Raise the key if your clients send more.',
  },
  head: {
    requests:
      'A header of 200 KiB; `Expect` for something else than 100-continue; `Content-Encoding: zstd` with a body that is none; a request line that names another host',
    why: 'The release ignored what it did not know. kprf would do something else than the client asks for.',
  },
  'malformed-http': {
    requests:
      'Malformed HTTP: no or two `Host`, `Content-Length` beside chunks, bare line feeds, methods and paths that are none',
    why: 'What one program reads as one request, another reads as two: request smuggling.',
  },
} as const satisfies Record<string, Verdict>

export type VerdictName = keyof typeof VERDICTS
