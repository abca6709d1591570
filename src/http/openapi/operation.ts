/** Makes operations of what their doors say about them. */
import type { ErrorCode } from '../../base/errors.ts'
import { errorResponse, type ErrorForm, statusOf } from './errors.ts'
import type { OperationParts, Sample } from './operation-parts.ts'
import { shellCommand } from './shell-command.ts'
import type { Example, Json, MediaType, Operation, Parameter, Response, Schema } from './types.ts'

/** Makes an operation. Each sample becomes an example of each part of the request, and of the reply. */
export function operation(parts: OperationParts): Operation {
  const { operationId, summary, description, parameters, samples } = parts
  const { bodies } = parts
  return {
    ...{ operationId, summary, description },
    parameters: parameters.map((parameter) => withValues(parameter, samples)),
    ...(bodies && {
      requestBody: {
        ...(parts.bodyDescription !== undefined && { description: parts.bodyDescription }),
        required: parts.isBodyRequired ?? true,
        content: mapValues(bodies, (schema, type) => ({
          ...(schema && { schema }),
          ...examplesOf(samples, (sample) =>
            sample.contentType === type ? (sample.body ?? '') : undefined,
          ),
        })),
      },
    }),
    responses: responsesOf(parts),
    'x-codeSamples': samples.map((sample) => ({
      lang: 'Shell',
      label: sample.summary,
      source: shellCommand(parts, sample),
    })),
  }
}

function responsesOf(parts: OperationParts): Operation['responses'] {
  const { replies, errorForm, errors, samples } = parts
  const statuses = new Set(errors.map((code) => statusOf(errorForm, code)))
  const refusals = [...statuses]
    .toSorted((one, other) => one - other)
    .map((status) => {
      const hasExample = samples.some((sample) => sample.status === status)
      const name = errorName(parts, status)
      return [
        status,
        hasExample
          ? withReplies(errorResponse(errorForm, status, errors), status, samples)
          : { $ref: `#/components/responses/${name}` },
      ] as const
    })
  return {
    ...Object.fromEntries(
      Object.entries(replies).map(([status, reply]) => [
        status,
        withReplies(reply, Number(status), samples),
      ]),
    ),
    ...Object.fromEntries(refusals),
  }
}

/** The name of a reply among the components. */
function errorName({ errorForm }: Pick<OperationParts, 'errorForm'>, status: number): string {
  return `${errorForm}Error${status}`
}

/** The replies that say no, for the components. */
export function errorResponses(
  errorForm: ErrorForm,
  errors: readonly ErrorCode[],
): Record<string, Response> {
  const statuses = new Set(errors.map((code) => statusOf(errorForm, code)))
  return Object.fromEntries(
    Array.from(statuses, (status) => [
      errorName({ errorForm }, status),
      errorResponse(errorForm, status, errors),
    ]),
  )
}

function withValues(parameter: Parameter, samples: readonly Sample[]): Parameter {
  const { name, schema } = parameter
  const examples = examplesOf(samples, ({ parameters }) => {
    const text = parameters?.[name]
    return text === undefined ? undefined : valueOf(text, schema)
  })
  return { ...parameter, ...examples }
}

/** A parameter of a request is text; its example in the document has the type of its schema. */
function valueOf(text: string, { type }: Schema): Json {
  if (type === 'integer') return Number(text)
  return type === 'boolean' ? text === 'true' : text
}

function withReplies(response: Response, status: number, samples: readonly Sample[]): Response {
  if (response.content === undefined) return response
  const examples = examplesOf(samples, (sample) =>
    sample.status === status ? sample.reply : undefined,
  )
  const content = mapValues(response.content, (body) => ({ ...body, ...examples }))
  return { ...response, content }
}

function examplesOf(
  samples: readonly Sample[],
  valueOfSample: (sample: Sample) => Json | undefined,
): Pick<MediaType, 'examples'> {
  const examples = samples.flatMap((sample): [string, Example][] => {
    const value = valueOfSample(sample)
    return value === undefined ? [] : [[sample.name, { summary: sample.summary, value }]]
  })
  return examples.length === 0 ? {} : { examples: Object.fromEntries(examples) }
}

function mapValues<From, To>(
  values: Readonly<Record<string, From>>,
  change: (value: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, change(value, name)]),
  )
}
