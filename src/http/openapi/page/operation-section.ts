/** Writes one operation of the docs page. */
import type { CodeSample, MediaType, Operation, Parameter, Response, Schema } from '../types.ts'
import { html, type Html, inline, prose } from './html.ts'
import type { Place } from './place.ts'

/** Writes the section. */
export function operationSection({ method, path, operation }: Place): Html {
  const { operationId, summary, description } = operation
  const replies = Object.entries(operation.responses)
  return html`<section aria-labelledby="${operationId}">
    <h2 id="${operationId}">${summary}</h2>
    <p class="route">
      <span class="method ${method}">${method.toUpperCase()}</span> <code>${path}</code>
    </p>
    ${prose(description)}
    <h3>Parameters</h3>
    ${parametersTable(operationId, operation.parameters)} ${bodySection(operation)}
    <h3>Examples</h3>
    ${operation['x-codeSamples'].map((sample) => sampleFigure(operationId, sample))}
    <h3>Replies</h3>
    ${replies.map(([status, reply]) => ('$ref' in reply ? html`` : replyDetails(`${operationId}, ${status}`, status, reply)))}
    ${errorsNote(replies)}
  </section> `
}

/** Names the statuses that have no examples. The table of error codes says what each is. */
function errorsNote(replies: readonly (readonly [status: string, reply: object])[]): Html {
  const statuses = replies.filter(([, reply]) => '$ref' in reply).map(([status]) => status)
  return html`<p>Errors: ${statuses.join(', ')}. <a href="#errors">What they mean</a></p>`
}

function parametersTable(operationId: string, parameters: readonly Parameter[]): Html {
  return html`<div
    class="scroll"
    tabindex="0"
    role="region"
    aria-label="Parameters of ${operationId}"
  >
    <table>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">In</th>
          <th scope="col">Type</th>
          <th scope="col">Meaning</th>
        </tr>
      </thead>
      <tbody>
        ${parameters.map(
          ({ name, in: place, schema, description, required = false }) =>
            html`<tr>
              <td><code>${name}</code></td>
              <td>${place}</td>
              <td>${typeOf(schema)}</td>
              <td>${inline(description)}${required ? ' Required.' : ''}</td>
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`
}

function typeOf({ type, const: only }: Schema): string {
  if (typeof type === 'string') return type
  return only === undefined ? '' : JSON.stringify(only)
}

function bodySection({ requestBody }: Operation): Html {
  if (requestBody === undefined) return html``
  const { description = '', content } = requestBody
  return html`<h3>Body</h3>
    ${description === '' ? html`` : html`<p>${inline(description)}</p>`}
    <ul>
      ${Object.entries(content).map(([type, { schema }]) => html`<li><code>${type}</code>${schemaNote(schema)}</li> `)}
    </ul>`
}

/** Names the schemas that a schema refers to. */
function schemaNote(schema: Schema | undefined): Html {
  const text = JSON.stringify(schema ?? {})
  const names = [...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name = '']) => name)
  if (names.length === 0) return html``
  return html`: ${names.map((name) => html`<a href="#schema-${name}">${name}</a> `)}`
}

function sampleFigure(operationId: string, { label, source }: CodeSample): Html {
  return html`<p>${label}:</p>
    <pre
      tabindex="0"
      role="region"
      aria-label="Command: ${label} (${operationId})"
    ><code>${source}</code></pre> `
}

function replyDetails(label: string, status: string, reply: Response): Html {
  const { description, headers, content = {} } = reply
  const isList = description.startsWith('- ')
  return html`<details>
    <summary>
      <code>${status}</code> ${isList ? 'One of several errors' : inline(description)}
    </summary>
    <div>
      ${isList ? prose(description) : ''}
      <p class="quiet">
        Headers:
        ${inline(
          Object.keys(headers)
            .map((name) => `\`${name}\``)
            .join(', '),
        )}
      </p>
      ${Object.entries(content).map(([type, body]) => replyBody(label, type, body))}
    </div>
  </details> `
}

function replyBody(label: string, type: string, { schema, examples = {} }: MediaType): Html {
  return html`<p class="quiet"><code>${type}</code>${schemaNote(schema)}</p>
    ${Object.values(examples).map(
      ({ summary, value }) =>
        html`<p>${summary}:</p>
          <pre
            tabindex="0"
            role="region"
            aria-label="Reply: ${label}, ${summary}"
          ><code>${JSON.stringify(value, undefined, 2)}</code></pre> `,
    )}`
}
