/** `http.auth.client_certificates.*`: certificates of clients in place of tokens. */
import { oneOf } from '../kinds.ts'
import { setting } from '../setting.ts'

export const HTTP_CLIENT_CERTIFICATES = {
  principal_from: setting({
    doc: 'What names a client in the certificate that it shows to `http.port`. `cn`: its common name. `san_dns`, `san_uri`: its subject alternative name of this type. The certificate must have exactly one such name, and requests on its connection need no token; an `Authorization` header takes precedence. `none`: certificates do not say who a client is.',
    kind: oneOf(['none', 'cn', 'san_dns', 'san_uri']),
    default: 'none',
  }),
}
