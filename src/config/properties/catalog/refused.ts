/** Properties that are refused at start, because kprf would do something else than the user expects. */
import { boolean, INT_MAX, integer, oneOf, patterns, text } from '../../kinds.ts'
import { refused, refusedApi } from '../property.ts'

const CALLBACK =
  'it can only be set by a program that is linked with librdkafka; kprf has no callbacks'
const CERTIFICATES = 'use ssl.ca.pem, ssl.certificate.pem and ssl.key.pem, or the files'
const KERBEROS = 'Kerberos needs a native library, and kprf has none'
const ENGINES = 'kprf uses the TLS of Node.js, which loads no engines or providers'
const ASSERTIONS = 'kprf signs no JWT assertions; use the grant type client_credentials'

export const REFUSED = {
  'topic.blacklist': refused(
    patterns(),
    '',
    'kprf would still send records to these topics; to refuse a topic, deny Write on it to the Kafka user of kprf',
    '',
  ),
  enabled_events: refused(integer(0, INT_MAX), 0, CALLBACK, '0'),
  error_cb: refusedApi(CALLBACK),
  throttle_cb: refusedApi(CALLBACK),
  stats_cb: refusedApi(CALLBACK),
  log_cb: refusedApi(CALLBACK),
  background_event_cb: refusedApi(CALLBACK),
  socket_cb: refusedApi(CALLBACK),
  connect_cb: refusedApi(CALLBACK),
  closesocket_cb: refusedApi(CALLBACK),
  open_cb: refusedApi(CALLBACK),
  resolve_cb: refusedApi(CALLBACK),
  opaque: refusedApi(CALLBACK),
  default_topic_conf: refusedApi('kprf has one configuration for all topics'),
  'api.version.request': refused(
    boolean(),
    true,
    'only brokers older than Kafka 0.11 cannot report their versions, and kprf does not work with them',
    'true',
  ),
  ssl_key: refusedApi(CERTIFICATES),
  ssl_certificate: refusedApi(CERTIFICATES),
  ssl_ca: refusedApi(CERTIFICATES),
  'ssl.providers': refused(text(), '', ENGINES, ''),
  'ssl.engine.location': refused(text(), '', ENGINES, ''),
  'ssl.engine.id': refused(text(), 'dynamic', ENGINES),
  ssl_engine_callback_data: refusedApi(CALLBACK),
  'ssl.certificate.verify_cb': refusedApi(CALLBACK),
  'sasl.kerberos.service.name': refused(text(), 'kafka', KERBEROS),
  'sasl.kerberos.principal': refused(text(), 'kafkaclient', KERBEROS),
  'sasl.kerberos.kinit.cmd': refused(
    text(),
    'kinit -R -t "%{sasl.kerberos.keytab}" -k %{sasl.kerberos.principal} || kinit -t "%{sasl.kerberos.keytab}" -k %{sasl.kerberos.principal}',
    KERBEROS,
  ),
  'sasl.kerberos.keytab': refused(text(), '', KERBEROS),
  'sasl.kerberos.min.time.before.relogin': refused(integer(0, 86_400_000), 60_000, KERBEROS),
  oauthbearer_token_refresh_cb: refusedApi(CALLBACK),
  'sasl.oauthbearer.assertion.algorithm': refused(oneOf(['RS256', 'ES256']), 'RS256', ASSERTIONS),
  'sasl.oauthbearer.assertion.private.key.file': refused(text(), '', ASSERTIONS),
  'sasl.oauthbearer.assertion.private.key.passphrase': {
    ...refused(text(), '', ASSERTIONS),
    sensitive: true,
  },
  'sasl.oauthbearer.assertion.private.key.pem': {
    ...refused(text(), '', ASSERTIONS),
    sensitive: true,
  },
  'sasl.oauthbearer.assertion.file': refused(text(), '', ASSERTIONS),
  'sasl.oauthbearer.assertion.claim.aud': refused(text(), '', ASSERTIONS),
  'sasl.oauthbearer.assertion.claim.exp.seconds': refused(integer(1, INT_MAX), 300, ASSERTIONS),
  'sasl.oauthbearer.assertion.claim.iss': refused(text(), '', ASSERTIONS),
  'sasl.oauthbearer.assertion.claim.jti.include': refused(boolean(), false, ASSERTIONS, 'false'),
  'sasl.oauthbearer.assertion.claim.nbf.seconds': refused(integer(0, INT_MAX), 60, ASSERTIONS),
  'sasl.oauthbearer.assertion.claim.sub': refused(text(), '', ASSERTIONS),
  'sasl.oauthbearer.assertion.jwt.template.file': refused(text(), '', ASSERTIONS),
  'plugin.library.paths': refused(text(), '', 'kprf loads no native libraries', ''),
  interceptors: refusedApi(CALLBACK),
  'transactional.id': refused(
    text(),
    '',
    'kprf has no transactions: all its clients share one producer',
    '',
  ),
  'enable.gapless.guarantee': refused(
    boolean(),
    false,
    'a failed batch of one client would stop kprf for all its clients',
    'false',
  ),
  dr_cb: refusedApi(CALLBACK),
  dr_msg_cb: refusedApi(CALLBACK),
  partitioner_cb: refusedApi('choose one of the partitioners of `partitioner`'),
  msg_order_cmp: refusedApi('kprf keeps the order of records'),
} as const
