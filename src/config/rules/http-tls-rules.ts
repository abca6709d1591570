import { alone, type Rule, type Settled } from './rule.ts'

/** What the keys of TLS on kprf's own ports need of each other. */
export const HTTP_TLS_RULES: readonly Rule[] = (['tls', 'metrics_tls'] as const).flatMap((port) => {
  const key = (name: string): string => `http.${port}.${name}`
  const [cert, keyFile, password] = [key('cert_file'), key('key_file'), key('key_password')]
  const [ca, auth] = [key('client_ca_file'), key('client_auth')]
  return [
    {
      keys: [cert, keyFile],
      rule: `\`${cert}\` and \`${keyFile}\` must be both set or both empty.`,
      violation: ({ http }: Settled) =>
        alone({ [cert]: http[port].cert_file, [keyFile]: http[port].key_file }),
    },
    {
      keys: [keyFile, password],
      rule: `\`${password}\` needs \`${keyFile}\`; a key may have no password.`,
      violation: ({ http }: Settled) =>
        http[port].key_password !== '' && http[port].key_file === ''
          ? `${password} is set, but ${keyFile} is empty; set both or neither`
          : undefined,
    },
    {
      keys: [cert, ca, auth],
      rule: `\`${auth}\` other than \`none\` needs \`${ca}\` and \`${cert}\`, and \`${ca}\` needs it.`,
      violation: ({ http }: Settled) => {
        const { client_auth: clientAuth, client_ca_file: caFile, cert_file: certFile } = http[port]
        if (clientAuth === 'none') {
          return caFile === ''
            ? undefined
            : `${ca} is set, but ${auth} is none: no client is asked for a certificate; use request or require`
        }
        if (caFile === '') return `${auth} is ${clientAuth}, but ${ca} is empty; set both`
        return certFile === ''
          ? `${auth} is ${clientAuth}, but ${cert} is empty: there is no TLS; set both`
          : undefined
      },
    },
  ]
})
