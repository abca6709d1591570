import type { FastResponse } from './fast-exchange.ts'

/** Complete replies, to be sent in one write. */
export interface WholeReplies {
  readonly text: string
  /** Whether the connection ends after them. */
  readonly isLast: boolean
  /** To be called once the operating system has taken them; `undefined` if there are none. */
  readonly listeners: readonly (() => void)[] | undefined
}

/** The responses of one connection that are not written yet, in the order of their requests. */
export class OpenReplies {
  readonly #open: FastResponse[] = []

  get size(): number {
    return this.#open.length
  }

  get last(): FastResponse | undefined {
    return this.#open.at(-1)
  }

  /** Whether it is the only one. */
  isOnly(response: FastResponse): boolean {
    return this.#open.length === 1 && this.#open[0] === response
  }

  add(response: FastResponse): void {
    this.#open.push(response)
  }

  /** Removes and returns the complete replies before the first incomplete one. @returns `undefined` if there are none. */
  takeWhole(): WholeReplies | undefined {
    const open = this.#open
    let text = ''
    let count = 0
    let isLast = false
    let listeners: (() => void)[] | undefined
    for (const response of open) {
      if (!response.writableEnded || isLast) break
      text += response.text
      const onFinish = response.sent()
      if (onFinish !== undefined) (listeners ??= []).push(...onFinish)
      isLast = response.isLast
      count += 1
    }
    if (count === 0) return undefined
    if (count === open.length) open.length = 0
    else open.splice(0, count)
    return { text, isLast, listeners }
  }
}
