/** The table of replies in docs/MIGRATION.md, made of the facts. `npm run docs` writes it. */
import { format } from 'prettier'
import { type Fact, FACTS, type RustReply } from './facts.ts'
import { VERDICTS } from './verdicts.ts'

const BEGIN = '<!-- Made by `npm run docs` of test/migration/replies.jsonl. -->'
const END = '<!-- End of the table. -->'
const HEADER = [
  ...['Requests', 'Number', 'Release', 'Default', '`http.replies: rust`'],
  ...['and `http.invalid_records: refuse_record`', 'Why'],
]

/** Puts the table into the page. @throws if the page has no place for it. */
export async function withRepliesTable(page: string): Promise<string> {
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (before === -1 || after === -1) throw new Error('the page has no place for the table')
  const head = page.slice(0, before + BEGIN.length)
  return await format([head, repliesTable(), page.slice(after)].join('\n\n'), {
    parser: 'markdown',
    singleQuote: true,
  })
}

function repliesTable(): string {
  const rows = Object.entries(VERDICTS).map(([name, { requests, why }]) => {
    const facts = FACTS.filter(({ verdict }) => verdict === name)
    return [
      requests,
      String(facts.length),
      statuses(facts, ({ release }) => release.status),
      statuses(facts, ({ readme }) => readme.status),
      statuses(facts, (fact) => statusOf(fact.rust, fact)),
      statuses(facts, (fact) => statusOf(fact.rust_refuse_record, fact)),
      why,
    ]
  })
  return [HEADER, HEADER.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

function statusOf(reply: RustReply, { release }: Fact): number | string {
  return reply === 'release' ? release.status : reply.status
}

function statuses(facts: readonly Fact[], statusIn: (fact: Fact) => number | string): string {
  return [...new Set(facts.map(statusIn))].toSorted().join(', ')
}
