/** Parameters that several paths have. */
import { TOPIC } from './texts.ts'
import type { Parameter } from './types.ts'

export const TOPIC_IN_PATH: Parameter = {
  name: 'topic',
  in: 'path',
  description: 'The topic of all records.',
  required: true,
  schema: TOPIC,
}

export const IDEMPOTENCY_KEY: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'A key of the client’s own for this push. Repeated under the same key, it is stored once, and gets the answer of the first.',
  schema: {
    type: 'string',
    pattern: String.raw`^(?:[!#-~][!-~]{0,254}|"(?:[ !#-[\]-~]|\\["\\]){1,255}")$`,
  },
}

export const REQUEST_ID: Parameter = {
  name: 'X-Request-Id',
  in: 'header',
  description:
    'The id of the request in the log and in the reply. kprf makes one without it, or for one with other characters.',
  schema: { type: 'string' },
}

/** A parameter of the query that is true or false. */
export function switchParameter(name: string, description: string): Parameter {
  return { name, in: 'query', description, schema: { type: 'boolean' } }
}

export const WAIT = switchParameter(
  'wait',
  'true: the reply comes once Kafka has the records. Without it, once they are admitted.',
)
