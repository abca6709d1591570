/** The rules of the fast way, each taken away. */
import type { Mutant } from './mutant.ts'

const HEAD = 'src/http/fast/push-head.ts'
const OPEN_REPLIES = 'src/http/fast/open-replies.ts'
const CONNECTION = 'src/http/fast/fast-connection.ts'
const WAY = 'src/http/fast/fast-way.ts'

/** See `mutants.ts`. */
export const FAST_MUTANTS: readonly Mutant[] = [
  {
    rule: 'fast way',
    title: 'Transfer-Encoding is a header like others',
    edits: [{ file: HEAD, find: "'transfer-encoding', ", replace: '' }],
  },
  {
    rule: 'fast way',
    title: 'a header may be there twice',
    edits: [{ file: HEAD, find: 'headers[lowerName] !== undefined || ', replace: '' }],
  },
  {
    rule: 'fast way',
    title: 'Connection may say anything',
    edits: [
      { file: HEAD, find: "'connection', 'proxy-connection'", replace: "'proxy-connection'" },
    ],
  },
  {
    rule: 'fast way',
    title: 'a length may begin with 0',
    edits: [{ file: HEAD, find: String.raw`(?:0|[1-9]\d{0,7})`, replace: String.raw`\d+` }],
  },
  {
    rule: 'fast way',
    title: 'a space may stand before the colon',
    edits: [{ file: HEAD, find: String.raw`[\w-]*): (`, replace: String.raw`[\w-]*) ?: (` }],
  },
  {
    rule: 'fast way',
    title: 'a push needs no Host',
    edits: [{ file: HEAD, find: "headers['host'] === undefined || ", replace: '' }],
  },
  {
    rule: 'fast way',
    title: 'replies go out when they are ready, whatever is before them',
    edits: [
      {
        file: OPEN_REPLIES,
        find: 'if (!response.writableEnded || isLast) break',
        replace: 'if (!response.writableEnded) continue',
      },
    ],
  },
  {
    rule: 'fast way',
    title: 'Node gets a connection before the earlier replies are written',
    edits: [
      {
        file: CONNECTION,
        find: 'if (this.#open.size === 0) {',
        replace: 'if (true as boolean) {',
      },
    ],
  },
  {
    rule: 'fast way',
    title: 'a request behind the last one of its connection is produced',
    edits: [
      {
        file: CONNECTION,
        find: 'if (!begin(response)) {',
        replace: 'begin(response)\n    if (this.#isNever) {',
      },
      {
        file: CONNECTION,
        find: '  #isFlushing = false',
        replace: '  #isFlushing = false\n  readonly #isNever: boolean = false',
      },
    ],
  },
  {
    rule: 'fast way',
    title: 'a push may be for any host',
    edits: [
      {
        file: WAY,
        find: 'hosts?.refusal(head.headers.host) === undefined && ',
        replace: '',
      },
    ],
  },
  {
    rule: 'fast way',
    title: 'a part of a request stays in the buffer that all connections are read into',
    edits: [
      {
        file: CONNECTION,
        find: 'this.#rest = Buffer.from(bytes)\n    this.#setAwaited(true)',
        replace: 'this.#rest = bytes\n    this.#setAwaited(true)',
      },
    ],
  },
]
