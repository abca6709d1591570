/** The rules of who may push, each taken away. */
import type { Mutant } from './mutant.ts'

const AUTHENTICATOR = 'src/http/access/authenticator.ts'
const AUTHORIZATION = 'src/http/access/authorization.ts'
const PERMISSIONS = 'src/ingest/permissions.ts'

/** See `mutants.ts`. */
export const ACCESS_MUTANTS: readonly Mutant[] = [
  {
    rule: 'access',
    title: 'a token that nobody has lets in',
    edits: [
      {
        file: AUTHENTICATOR,
        find: "if (principal === undefined) return denied('unknown_token', UNKNOWN_TOKEN)",
        replace: "if (principal === undefined) return { principal: { name: 'shop' } }",
      },
    ],
  },
  {
    rule: 'access',
    title: 'the last of several Authorization headers counts',
    edits: [
      {
        file: AUTHORIZATION,
        find: 'if (value !== undefined) return TWICE',
        replace: '',
      },
    ],
  },
  {
    rule: 'access',
    title: 'a header as long as the last one of its connection is taken for it',
    edits: [
      {
        file: 'src/http/access/last-credentials.ts',
        find: 'difference |= one.charCodeAt(at) ^ other.charCodeAt(at)',
        replace: '',
      },
    ],
  },
  {
    rule: 'access',
    title: 'the user of Basic is the token',
    edits: [
      { file: AUTHORIZATION, find: 'pair.slice(colon + 1)', replace: 'pair.slice(0, colon)' },
    ],
  },
  {
    rule: 'access',
    title: 'a rule that allows to describe a topic allows to write to it',
    edits: [
      { file: PERMISSIONS, find: 'rule.allow.includes(right)', replace: 'rule.allow.length > 0' },
    ],
  },
  {
    rule: 'access',
    title: 'topics that begin with __ are topics like others',
    edits: [
      {
        file: PERMISSIONS,
        find: "if (topic.startsWith(INTERNAL_PREFIX)) return 'internal'",
        replace: '',
      },
    ],
  },
  {
    rule: 'access',
    title: 'only the first record of a push is checked',
    edits: [
      {
        file: 'src/ingest/permission-rule.ts',
        find: 'if (topic !== lastTopic) reason',
        replace: 'if (lastTopic === undefined) reason',
      },
    ],
  },
  {
    rule: 'access',
    title: 'a record is produced although it was refused',
    edits: [
      {
        file: 'src/ingest/permission-rule.ts',
        find: 'call.refused(index, FORBIDDEN[reason], topic)',
        replace: 'void FORBIDDEN',
      },
    ],
  },
]
