/** Asks the viewer for the token of the operations port. */
import { element, setText } from './dom.js'

/**
 * Shows the form until it is sent.
 *
 * @param {string} _message what kprf said
 * @param {boolean} wasWrong whether a token was sent and refused
 * @returns {Promise<string>}
 */
export function askToken(_message, wasWrong) {
  const form = element('token')
  const input = /** @type {HTMLInputElement} */ (element('token-text'))
  const main = element('main')
  main.dataset.view = 'token'
  form.hidden = false
  setText(element('token-hint'), wasWrong ? 'kprf does not know this token. Try another one.' : '')
  input.value = ''
  input.focus()
  return new Promise((resolve) => {
    form.addEventListener(
      'submit',
      (event) => {
        event.preventDefault()
        form.hidden = true
        delete main.dataset.view
        resolve(input.value.trim())
      },
      { once: true },
    )
  })
}
