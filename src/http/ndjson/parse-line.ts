/** Makes a record of a line. Pure. */
import { ProxyError } from '../../base/errors.ts'
import type { ProducerRecord, RecordHeader } from '../../producer/types.ts'
import { isJsonObject } from '../push/fields.ts'
import { JsonTexts } from '../push/json-texts.ts'
import type { Misspellings } from '../push/misspellings.ts'
import { parseRecord, type RecordRules } from '../push/parse-push.ts'
import { Problem } from '../push/problem.ts'
import { INVALID_TOPIC, isTopic } from '../push/record-fields.ts'
import type { JsonParser } from '../parse-json.ts'
import { parametersOf, switchOf } from '../query.ts'

/** What a line is: the value of a record in JSON, any text as the value, or an object as in `records` of a push. */
type LineForm = 'json' | 'text' | 'envelope'

/** What the head of a request says of its lines. */
export interface LinesHead {
  readonly topic: string
  readonly form: LineForm
  /** Whether the reply waits until Kafka has the records. */
  readonly waitForSend: boolean
}

export const LINES_PARAMETERS: ReadonlySet<string> = new Set(['envelope', 'text', 'wait'])

/** @param misspellings - is told the parameters that are ignored. */
export function parseLinesHead(
  topic: string,
  url: string | undefined,
  { unknownFields }: Pick<RecordRules, 'unknownFields'>,
  misspellings: Misspellings,
): LinesHead | Problem {
  if (!isTopic(topic)) return INVALID_TOPIC
  const values = parametersOf(url, LINES_PARAMETERS, unknownFields, misspellings)
  if (values instanceof Problem) return values
  const isEnvelope = switchOf(values, 'envelope')
  if (isEnvelope instanceof Problem) return isEnvelope
  const isText = switchOf(values, 'text')
  if (isText instanceof Problem) return isText
  const waitForSend = switchOf(values, 'wait', true)
  if (waitForSend instanceof Problem) return waitForSend
  if (isEnvelope && isText) return TWO_FORMS
  return { topic, form: isEnvelope ? 'envelope' : isText ? 'text' : 'json', waitForSend }
}

/** Settings of a {@link LineParser}. */
export interface LineParserOptions {
  readonly rules: RecordRules
  readonly jsonParser: JsonParser
  readonly misspellings: Misspellings
}

/** Makes records of the lines of one body. */
export class LineParser {
  readonly #head: LinesHead
  readonly #options: LineParserOptions

  constructor(head: LinesHead, options: LineParserOptions) {
    this.#head = head
    this.#options = options
  }

  /** @returns `undefined` for an empty line: the last line feed of a file often has one behind it. */
  parse(line: Buffer): ProducerRecord | Problem | undefined {
    if (line.length === 0) return undefined
    const { form } = this.#head
    try {
      if (form === 'envelope') return this.#parseEnvelope(line)
      if (form === 'json') this.#options.jsonParser.check(line)
      return this.#record(line)
    } catch (error) {
      if (error instanceof ProxyError) return new Problem(error.code, error.message)
      throw error
    }
  }

  #record(value: Buffer): ProducerRecord {
    const { topic } = this.#head
    return {
      topic,
      value,
      key: null,
      headers: NO_HEADERS,
      partition: undefined,
      timestampMs: undefined,
    }
  }

  #parseEnvelope(line: Buffer): ProducerRecord | Problem {
    const { jsonParser, rules, misspellings } = this.#options
    const { topic } = this.#head
    const json = jsonParser.parse(line)
    if (!isJsonObject(json)) return NO_OBJECT
    const { topic: named } = json
    if (named !== undefined && named !== topic) return OTHER_TOPIC
    // `JsonTexts` knows where the field `json` of a push is.
    const jsonTexts = {
      of: () => new JsonTexts(Buffer.concat([PUSH_START, line, PUSH_END])).of(0),
    }
    return parseRecord({ ...json, topic }, 0, { rules, misspellings, jsonTexts })
  }
}

const NO_HEADERS: readonly RecordHeader[] = []
const PUSH_START = Buffer.from('{"records":[')
const PUSH_END = Buffer.from(']}')
const NO_OBJECT = new Problem('INVALID_RECORD', 'with envelope=true, each line must be an object')
const OTHER_TOPIC = new Problem(
  'INVALID_TOPIC',
  'topic must be that of the path: leave it out, or send the line to the path of its topic',
)
const TWO_FORMS = new Problem('INVALID_REQUEST', 'envelope and text must not both be true')
