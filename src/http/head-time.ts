/**
 * When the head of a request was whole. Node tells so by giving the request at once; but a request whose body the fast way
 * has waited for reaches it later, and its time counts all the same.
 */

/** Keyed by request, because those who ask for the time share no other object with those who know it. */
const HEAD_MS = new WeakMap<object, number>()

/** Tells when the head of a request was whole, if that was before it was begun. */
export function headWasWhole(request: object, ms: number): void {
  HEAD_MS.set(request, ms)
}

/** The time; `undefined` if the request was begun with its head. */
export function headMsOf(request: object): number | undefined {
  return HEAD_MS.get(request)
}
