/** The file of `http.auth.tokens_file`: a list of tokens, YAML or JSON. */
import { library } from '../base/library.ts'
import { type TokenInFile, TOKENS_ALLOWED, tokensErrorMessage } from './lists/access-lists.ts'
import { readText, type ReadFile } from './source.ts'

/** The tokens of a file, or what is wrong with it. */
export type TokensInFile =
  | { readonly status: 'read'; readonly tokens: readonly TokenInFile[] }
  | { readonly status: 'failed'; readonly reason: string }

/** Reads the tokens of a file. The reason of a failure repeats nothing of the file. */
export function readTokensFile(path: string, readFile: ReadFile): TokensInFile {
  const file = readText(path, readFile)
  if (file.status === 'failed') return file
  const document = library('yaml').parseDocument(file.text, {
    prettyErrors: false,
    logLevel: 'silent',
  })
  if (document.errors.length > 0) return failed('it is not valid YAML')
  const tokens: unknown = document.toJS()
  if (typeof tokens === 'string') return failed(`it must be ${TOKENS_ALLOWED}; it is a text`)
  if (!areTokens(tokens)) {
    return failed(`it must be ${TOKENS_ALLOWED}; ${tokensErrorMessage(tokens) ?? ''}`)
  }
  return { status: 'read', tokens }
}

function areTokens(value: unknown): value is readonly TokenInFile[] {
  return tokensErrorMessage(value) === undefined
}

function failed(reason: string): TokensInFile {
  return { status: 'failed', reason }
}
