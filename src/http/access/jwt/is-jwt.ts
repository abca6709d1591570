/** Apart from the verifier: the thread of the operations port must not load the library that verifies. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/

/** Whether a text looks like a JSON Web Token; the signature may be missing, as with `alg: none`. */
export function isJwt(text: string): boolean {
  return JWT.test(text)
}
