/** The rules of the fast way, each taken away. */
import type { Mutant } from './mutant.ts'

const HEAD = 'src/http/fast/push-head.ts'
const CONNECTION = 'src/http/fast/fast-connection.ts'
const EXCHANGE = 'src/http/fast/fast-exchange.ts'
const REPLIES = 'src/http/fast/open-replies.ts'
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
    edits: [{ file: HEAD, find: ' || !CONNECTIONS.has(connection)', replace: '' }],
  },
  {
    rule: 'fast way',
    title: 'the connection stays open after Connection: close',
    edits: [{ file: HEAD, find: 'isLast: connection !== KEEP_ALIVE', replace: 'isLast: false' }],
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
        file: REPLIES,
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
    title: 'Node gets all bytes at once, whatever is due',
    edits: [
      {
        file: 'src/http/fast/feed-node.ts',
        find: 'socket.destroyed ? bytes.length : startOfBody(bytes)',
        replace: 'Math.max(bytes.length, startOfBody(bytes))',
      },
    ],
  },
  {
    rule: 'fast way',
    title: 'a client that ended its side is told so in its reply',
    edits: [
      {
        file: EXCHANGE,
        find: 'this.#writer.lastHeaders(this.#saysLast)',
        replace: 'this.#writer.lastHeaders(this.isLast)',
      },
    ],
  },
  {
    rule: 'fast way',
    title: 'the reply before one request too many promises to keep the connection',
    edits: [{ file: CONNECTION, find: '      this.#begunNow?.sayLast()\n', replace: '' }],
  },
  {
    rule: 'fast way',
    title: 'the time of a push counts from its last byte',
    edits: [
      {
        file: CONNECTION,
        find: 'route.prepare(request, body, this.#sinceMs)',
        replace: 'route.prepare(request, body, undefined)',
      },
    ],
  },
  {
    rule: 'fast way',
    title: 'the time of a push that Node gets counts from then on',
    edits: [
      {
        file: CONNECTION,
        find: 'if (this.#sinceMs !== undefined) this.#connection.nextRequestSince(this.#sinceMs)',
        replace: '',
      },
    ],
  },
  {
    rule: 'fast way',
    title: 'a push that waits for its turn is not in progress',
    edits: [
      {
        file: CONNECTION,
        find: '    this.#setAwaited(true)\n    void turn.then',
        replace: '    void turn.then',
      },
    ],
  },
  {
    rule: 'fast way',
    title: 'a client that reads nothing is served if it always sends a part of the next push',
    edits: [
      {
        file: CONNECTION,
        find: '    if (this.#socket.writableNeedDrain) this.#awaitReader()\n  }\n\n  #setAwaited',
        replace: '  }\n\n  #setAwaited',
      },
    ],
  },
  {
    rule: 'fast way',
    title: 'a client that leaves in the middle of a push counts only if it waits for nothing else',
    edits: [
      {
        file: CONNECTION,
        find: '    if (this.#rest.length > 0) {\n      // Node serves',
        replace: '    if (this.#rest.length > 0 && this.#open.size === 0) {\n      // Node serves',
      },
    ],
  },
  {
    rule: 'fast way',
    title: 'idle connections are counted as dropped',
    edits: [
      { file: 'src/http/connections.ts', find: 'if (!connection.isSilent) this', replace: 'this' },
    ],
  },
  {
    rule: 'fast way',
    title: 'a bug in what reads a body ends the process',
    edits: [
      {
        file: 'src/http/push/push-endpoint.ts',
        find: '    } catch {\n      // The plain way',
        replace:
          '    } catch (error) {\n      if (error instanceof RangeError) throw error\n      // The plain way',
      },
    ],
  },
  {
    rule: 'fast way',
    title: 'a head that is as long as the last one is the same',
    edits: [
      {
        file: HEAD,
        find: 'last !== undefined && beginsWith(bytes, offset, last.bytes)',
        replace: 'last !== undefined && bytes.length - offset >= last.bytes.length',
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
