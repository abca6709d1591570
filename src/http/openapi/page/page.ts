/**
 * Writes the document as a page for people. It is one text without a script, so that it works offline and its policy
 * allows nothing but its own style. The viewers that there are weigh several megabytes and run scripts.
 */
import { createHash } from 'node:crypto'
import { CODES } from '../errors.ts'
import type { OpenApiDocument } from '../types.ts'
import { html, Html, inline, prose } from './html.ts'
import { operationSection } from './operation-section.ts'
import type { Place } from './place.ts'
import { STYLE } from './style.ts'

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

/** The policy has the hash of what is between the tags, so that nothing may be added there. */
const STYLE_ELEMENT = new Html(`<style>${STYLE}</style>`)

/** The `Content-Security-Policy` of the page. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${STYLE_HASH}'`,
  ...['img-src data:', "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ')

/** Writes the page. */
export function docsPage(document: OpenApiDocument): string {
  const { info, components } = document
  const places = placesOf(document)
  const schemas = Object.entries(components.schemas)
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${info.title} ${info.version}: HTTP API</title>
        <link rel="icon" href="data:," />
        ${STYLE_ELEMENT}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <div class="layout">
          <nav aria-label="Contents">
            <ul>
              ${places.map(navigationItem)}
              <li><a href="#errors">Error codes</a></li>
              <li><a href="#schemas">Schemas</a></li>
            </ul>
          </nav>
          <main id="main">
            <h1>${info.title} ${info.version}</h1>
            <p class="lead">${textOf(info['summary'])}</p>
            ${prose(textOf(info['description']))}
            <p>
              The same for programs: <a href="/openapi.json">/openapi.json</a>, in OpenAPI
              ${document.openapi}.
            </p>
            ${places.map(operationSection)}
            <section aria-labelledby="errors">
              <h2 id="errors">Error codes</h2>
              <p>
                ${inline('Every error has a number, `error_code`. The API v2 of the Confluent REST Proxy has numbers of its own.')}
              </p>
              <div class="scroll" tabindex="0" role="region" aria-label="Table of error codes">
                <table>
                  <thead>
                    <tr>
                      <th scope="col">Status</th>
                      <th scope="col">Number</th>
                      <th scope="col">Meaning</th>
                    </tr>
                  </thead>
                  <tbody>
                    ${CODES.map(
                      ({ status, number, meaning }) =>
                        html`<tr>
                          <td>${status}</td>
                          <td>${number}</td>
                          <td>${meaning}</td>
                        </tr> `,
                    )}
                  </tbody>
                </table>
              </div>
            </section>
            <section aria-labelledby="schemas">
              <h2 id="schemas">Schemas</h2>
              <p>Bodies of requests and replies, as JSON Schema 2020-12.</p>
              ${schemas.map(
                ([name, schema]) =>
                  html`<details id="schema-${name}">
                    <summary><code>${name}</code></summary>
                    <div>
                      <pre
                        tabindex="0"
                        role="region"
                        aria-label="Schema ${name}"
                      ><code>${JSON.stringify(schema, undefined, 2)}</code></pre>
                    </div>
                  </details> `,
              )}
            </section>
          </main>
        </div>
      </body>
    </html> `
  return page.text
}

function placesOf({ paths }: OpenApiDocument): readonly Place[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method, path, operation })),
  )
}

function navigationItem({ method, path, operation: { operationId } }: Place): Html {
  return html`<li>
    <a href="#${operationId}"
      ><span class="method ${method}">${method.toUpperCase()}</span> ${path}</a
    >
  </li> `
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
