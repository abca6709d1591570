/** Makes docs/REST-COMPATIBILITY.md of the cases. */
import { format } from 'prettier'
import { type Answer, type Case, CASES, PROXIES, TOPIC } from './cases.ts'

const INTRODUCTION = `<!-- Made by \`npm run docs\` of test/compatibility/cases.ts. -->

# Clients of other REST proxies

Programs that produce through the Confluent REST Proxy, Strimzi's bridge or Karapace find the same paths in kprf:
[HTTP-API.md](HTTP-API.md#the-confluent-rest-proxy) describes them. The requests below are those of the tests and the
documentation of these proxies, in our own words. \`npm test\` sends each of them to kprf; where the last column is empty, the
answer is the same. kprf only produces: consumers, schemas and administration are not there.

- Replies have the fields that the clients of all three read: a failed record has \`error\` (Confluent) and \`message\`
  (Strimzi).
- JSON keys and values keep the bytes that the client wrote, where the others write them anew.
- The reply has the type \`application/vnd.kafka.v2+json\` whatever \`Accept\` says.
- kprf's own features apply here too: tokens, permissions, quotas, \`Idempotency-Key\`, compressed bodies.
`

/** The whole page. */
export async function compatibilityPage(): Promise<string> {
  const sections = PROXIES.map((proxy) => {
    const cases = CASES.filter((one) => one.proxy === proxy)
    const rows = cases.map(rowOf)
    const header = '| Request | Path | Answer | kprf |\n| --- | --- | --- | --- |'
    const same = cases.filter(({ ours }) => ours === undefined).length
    return `## ${proxy}\n\n${same} of ${cases.length} the same.\n\n${header}\n${rows.join('\n')}\n`
  })
  const options = { parser: 'markdown', singleQuote: true, printWidth: 120 }
  return await format([INTRODUCTION, ...sections].join('\n'), options)
}

function rowOf({ what, target, theirs, ours }: Case): string {
  const path = target.replace(TOPIC, '{topic}').replace('/nowhere', '/{topic}')
  const difference = ours === undefined ? '' : `${show(ours)}: ${ours.why}`
  return `| ${[what, `\`${path}\``, show(theirs), difference].join(' | ')} |`
}

/** The status, and the numbers in the body that differ from it. */
function show({ status, body }: Answer): string {
  const numbers = [...JSON.stringify(body ?? {}).matchAll(/"error_code":(\d+)/g)]
    .map(([, number = '']) => number)
    .filter((number) => number !== String(status))
  const distinct = [...new Set(numbers)]
  return distinct.length === 0 ? String(status) : `${status} (${distinct.join(', ')})`
}
