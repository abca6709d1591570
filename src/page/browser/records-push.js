/** What the form pushes, the command that does the same, and what a reply means. Pure. */

/**
 * What is in the form.
 *
 * @typedef {object} Push
 * @property {string} topic
 * @property {string} key empty for none
 * @property {string} value
 * @property {'json' | 'text'} kind what the value is
 * @property {{ name: string, value: string }[]} headers
 * @property {boolean} waits whether the reply comes after delivery
 */

/**
 * What a reply means.
 *
 * @typedef {{ state: 'good' | 'warn' | 'bad', title: string, text: string, advice: string }} Meaning
 */

/**
 * Why the value cannot be pushed as it is; empty if it can.
 *
 * @param {Push} push
 */
export function problemOf({ kind, value }) {
  if (kind === 'text') return ''
  if (value.trim() === '') return 'Write some JSON, or choose text: an empty text can be a value.'
  try {
    JSON.parse(value)
    return ''
  } catch (error) {
    return `This is not JSON yet: ${error instanceof Error ? error.message : String(error)}. Correct it, or choose text.`
  }
}

/**
 * The body of the request. JSON stays byte for byte as it was written, as kprf keeps it too.
 *
 * @param {Push} push
 */
export function bodyOf({ topic, key, value, kind, headers, waits }) {
  const members = [
    member('topic', JSON.stringify(topic)),
    ...(key === '' ? [] : [member('key', JSON.stringify(key))]),
    kind === 'json' ? member('json', value.trim()) : member('data', JSON.stringify(value)),
    ...(headers.length === 0 ? [] : [member('headers', headersOf(headers))]),
  ]
  const whole = [
    member('records', `[{${members.join(', ')}}]`),
    ...(waits ? [member('wait_for_send', 'true'), member('return_offsets', 'true')] : []),
  ]
  return `{${whole.join(', ')}}`
}

/**
 * An object is easier to read; only a list can have a name twice.
 *
 * @param {Push['headers']} headers
 */
function headersOf(headers) {
  const names = new Set(headers.map(({ name }) => name))
  if (names.size < headers.length) {
    const list = headers.map(
      ({ name, value }) => `{"key": ${JSON.stringify(name)}, "value": ${JSON.stringify(value)}}`,
    )
    return `[${list.join(', ')}]`
  }
  return `{${headers.map(({ name, value }) => member(name, JSON.stringify(value))).join(', ')}}`
}

/**
 * @param {string} name
 * @param {string} json
 */
function member(name, json) {
  return `${JSON.stringify(name)}: ${json}`
}

/**
 * The command for a Unix shell that sends the same request.
 *
 * @param {string} url
 * @param {string} body
 * @param {boolean} hasToken whether the page sends a token, which the command takes from the environment
 */
export function curlOf(url, body, hasToken) {
  return [
    `curl ${quoted(url)}`,
    `-H 'Content-Type: application/json'`,
    ...(hasToken ? ['-H "Authorization: Bearer $KPRF_TOKEN"'] : []),
    `-d ${quoted(body)}`,
  ].join(' \\\n  ')
}

/** @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** What to do, by status; the reply itself says what is wrong. */
const ADVICE = new Map([
  [400, 'Correct the request, then push again.'],
  [401, 'Give the page a token: load it again, and it asks for one.'],
  [403, 'Choose another topic, or allow this one in http.acl.'],
  [404, 'Choose a topic and a partition that exist.'],
  [413, 'Push less at once, or raise the limit that the message names.'],
  [422, 'Correct the record, then push again.'],
  [429, 'Wait a moment, then push again.'],
  [502, 'Another attempt would not help: look at the reason above.'],
  [503, 'Push again in a moment.'],
  [504, 'Look below whether it has arrived before you push it again.'],
])

/**
 * Says in words what a reply of kprf means.
 *
 * @param {Push} push what was sent
 * @param {number} status
 * @param {any} reply the parsed body; `undefined` if it is not JSON
 * @returns {Meaning}
 */
export function meaningOf({ topic, waits }, status, reply) {
  if (status === 200) {
    const [place] = reply?.offsets ?? []
    if (!waits) {
      return {
        state: 'good',
        title: 'Queued',
        text: 'kprf has the record and sends it to Kafka; the reply did not wait for that.',
        advice: '',
      }
    }
    const where =
      place === undefined ? '' : `, partition ${place.partition}, offset ${place.offset}`
    return {
      state: 'good',
      title: 'Stored',
      text: `Kafka has the record: ${topic}${where}.`,
      advice: '',
    }
  }
  const [first] = reply?.errors ?? []
  const message = sentence(
    String(reply?.message ?? first?.message ?? first?.error ?? first ?? `kprf answered ${status}`),
  )
  const isUnknown = status === 504 || first?.outcome === 'unknown'
  return {
    state: isUnknown ? 'warn' : 'bad',
    title: isUnknown ? 'Perhaps stored' : 'Not stored',
    text: isUnknown ? `It is unknown whether Kafka has the record. ${message}` : message,
    advice: ADVICE.get(status) ?? '',
  }
}

/**
 * What it means that there is no reply.
 *
 * @param {Push} push
 * @returns {Meaning}
 */
export function meaningOfSilence({ topic }) {
  return {
    state: 'bad',
    title: 'No reply',
    text: `kprf did not answer, so that it is unknown whether ${topic} has the record.`,
    advice: 'Look whether kprf still runs, then push again.',
  }
}

/**
 * The message as a sentence of the page, without the number of the only record.
 *
 * @param {string} message
 */
function sentence(message) {
  const text = message.replace(/^records\[0\]: /, '')
  const first = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(first) ? first : `${first}.`
}
