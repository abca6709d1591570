/** A JSON Web Token without a signature (RFC 7515, appendix A.5), which brokers accept in tests. */
export function unsignedToken(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part(claims)}.`
}
