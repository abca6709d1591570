/**
 * When the head of a request had arrived. Node emits a request as soon as its head is complete. But if the fast way has
 * waited for the body before, Node gets the request later, and that time must count too.
 */

/** Keyed by request, because the code that needs the time shares no other object with the code that knows it. */
const HEAD_MS = new WeakMap<object, number>()

/** Records when the head of a request had arrived, if that was before the request began. */
export function headWasWhole(request: object, ms: number): void {
  HEAD_MS.set(request, ms)
}

/** Returns that time; `undefined` if the request began when its head had arrived. */
export function headMsOf(request: object): number | undefined {
  return HEAD_MS.get(request)
}
