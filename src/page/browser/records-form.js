/** The form that pushes a record, the command that does the same, and the reply in words. */
import { element, make, setText } from './dom.js'
import { bodyOf, curlOf, meaningOf, meaningOfSilence, problemOf } from './records-push.js'

/** @import { Meaning, Push } from './records-push.js' */

/** How long a button says that it has copied, ms. */
const COPIED_MS = 2_000

/** @param {string} id */
const input = (id) => /** @type {HTMLInputElement} */ (element(id))

/**
 * Starts the form.
 *
 * @param {object} options
 * @param {() => string} options.currentToken empty without one
 */
export function startForm({ currentToken }) {
  const form = /** @type {HTMLFormElement} */ (element('push-form'))
  const submit = element('push-submit')
  const headers = element('push-headers')
  const url = new URL('push', document.baseURI).href
  let isSending = false

  const update = () => {
    const push = readForm(headers)
    const problem = problemOf(push)
    const value = input('push-value')
    value.setAttribute('aria-invalid', String(problem !== ''))
    setText(element('push-value-problem'), problem)
    setText(element('push-curl'), curlOf(url, bodyOf(push), currentToken() !== ''))
    return { push, problem }
  }

  const send = async () => {
    const { push, problem } = update()
    if (problem !== '') {
      input('push-value').focus()
      return
    }
    isSending = true
    submit.setAttribute('aria-disabled', 'true')
    showReply(await sentReply(url, push, currentToken()))
    isSending = false
    submit.removeAttribute('aria-disabled')
  }

  form.addEventListener('input', update)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (!isSending) void send()
  })
  // As in a chat: a text area takes Enter for itself.
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit()
  })
  element('push-add-header').addEventListener('click', () => {
    const row = headerRow(update)
    headers.append(row)
    row.querySelector('input')?.focus()
    update()
  })
  startCopy(element('push-copy'), () => element('push-curl').textContent ?? '')
  update()
}

/**
 * @param {HTMLElement} headers
 * @returns {Push}
 */
function readForm(headers) {
  return {
    topic: input('push-topic').value,
    key: input('push-key').value,
    value: input('push-value').value,
    kind: input('push-kind-json').checked ? 'json' : 'text',
    headers: [...headers.children].map((row) => {
      const [name, value] = [...row.querySelectorAll('input')].map((one) => one.value)
      return { name: name ?? '', value: value ?? '' }
    }),
    waits: input('push-waits').checked,
  }
}

/**
 * The two fields of a header, and the button that removes them.
 *
 * @param {() => void} onRemoved
 */
function headerRow(onRemoved) {
  const field = (
    /** @type {string} */ what,
    /** @type {Record<string, string>} */ attributes = {},
  ) =>
    make(
      'label',
      {},
      make('span', { class: 'unseen' }, `Header ${what}`),
      make('input', { placeholder: what, autocomplete: 'off', spellcheck: 'false', ...attributes }),
    )
  const remove = make(
    'button',
    { type: 'button', class: 'plain', 'aria-label': 'Remove this header' },
    '×',
  )
  const row = make('li', {}, field('name', { required: '' }), field('value'), remove)
  remove.addEventListener('click', () => {
    row.remove()
    element('push-add-header').focus()
    onRemoved()
  })
  return row
}

/**
 * Sends the push, and finds out what its reply means.
 *
 * @param {string} url
 * @param {Push} push
 * @param {string} token
 * @returns {Promise<{ meaning: Meaning, status?: number, text?: string }>}
 */
async function sentReply(url, push, token) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(token !== '' && { Authorization: `Bearer ${token}` }),
      },
      body: bodyOf(push),
      credentials: 'omit',
      cache: 'no-store',
    })
    const text = await response.text()
    return {
      meaning: meaningOf(push, response.status, parsed(text)),
      status: response.status,
      text,
    }
  } catch {
    return { meaning: meaningOfSilence(push) }
  }
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** @param {{ meaning: Meaning, status?: number, text?: string }} reply */
function showReply({ meaning, status, text }) {
  const { state, title, text: words, advice } = meaning
  const reply = element('push-reply')
  reply.dataset.state = state
  reply.replaceChildren(
    make(
      'p',
      {},
      make('strong', {}, title),
      ...(status === undefined ? [] : [make('span', { class: 'http-status' }, `HTTP ${status}`)]),
    ),
    make('p', {}, words),
    ...(advice === '' ? [] : [make('p', {}, advice)]),
    ...(text === undefined
      ? []
      : [make('details', {}, make('summary', {}, 'The reply as it came'), make('pre', {}, text))]),
  )
}

/**
 * Makes a button copy a text.
 *
 * @param {HTMLElement} button
 * @param {() => string} textOf
 */
function startCopy(button, textOf) {
  const label = (button.textContent ?? '').trim()
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  button.addEventListener('click', async () => {
    const isCopied = await copied(textOf())
    setText(button, isCopied ? 'Copied' : 'Select the text and copy it yourself')
    clearTimeout(timer)
    timer = setTimeout(() => setText(button, label), COPIED_MS)
  })
}

/**
 * Copies a text. The clipboard is for pages of this machine and of HTTPS only; the other way works for all.
 *
 * @param {string} text
 */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = /** @type {HTMLTextAreaElement} */ (
      make('textarea', { class: 'unseen', 'aria-hidden': 'true', tabindex: '-1' })
    )
    const focused = document.activeElement
    area.value = text
    document.body.append(area)
    area.select()
    const isCopied = document.execCommand('copy')
    area.remove()
    if (focused instanceof HTMLElement) focused.focus()
    return isCopied
  }
}
