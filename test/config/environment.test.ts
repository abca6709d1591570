import { describe, expect, it } from 'vitest'
import { loadWithBroker, errorsWithBroker } from './sources.ts'

const BOTH = { KPRF_KAFKA_USER: 'u', KPRF_KAFKA_PASSWORD: 'p' }

describe('the environment', () => {
  it.each([
    ['/secret', 'p', 'p'],
    ['/secret', 'p\n', 'p'],
    ['/secret', 'p\r\n', 'p'],
    ['/secret', 'p\n\n', 'p\n'],
    ['/secret', ' p ', ' p '],
  ])('reads the secret in %s, %j, as %j', (path, text, password) => {
    const env = { KPRF_KAFKA_USER: 'u', KPRF_KAFKA_PASSWORD_FILE: path }

    expect(loadWithBroker({ env, files: { [path]: text } }).kafka.password).toBe(password)
  })

  it('reads the user, and the password of the key, from files', () => {
    const env = {
      KPRF_KAFKA_USER_FILE: '/user',
      KPRF_KAFKA_PASSWORD: 'p',
      KPRF_KAFKA_SSL_KEY_PASSWORD_FILE: '/key',
      KPRF_KAFKA_SSL_KEY_FILE: 'k.pem',
      KPRF_KAFKA_SSL_CERT_FILE: 'c.pem',
      KPRF_KAFKA_SECURITY_PROTOCOL: 'sasl_ssl',
    }
    const { kafka } = loadWithBroker({ env, files: { '/user': 'u\n', '/key': 's\n' } })

    expect(kafka.user).toBe('u')
    expect(kafka.ssl.keyPassword).toBe('s')
    expect(kafka.ssl.keyFile).toBe('k.pem')
  })

  it('refuses a secret given twice', () => {
    const env = { ...BOTH, KPRF_KAFKA_PASSWORD_FILE: '/secret' }

    expect(errorsWithBroker({ env, files: { '/secret': 'p' } })).toEqual([
      'kafka.password: both KPRF_KAFKA_PASSWORD and KPRF_KAFKA_PASSWORD_FILE are set; keep one',
    ])
  })

  it('refuses a file of a secret that cannot be read', () => {
    const env = { KPRF_KAFKA_USER: 'u', KPRF_KAFKA_PASSWORD_FILE: '/secret' }

    expect(errorsWithBroker({ env })).toEqual([
      'kafka.password: cannot read the file that KPRF_KAFKA_PASSWORD_FILE names: ENOENT: no such file or directory',
    ])
  })

  it.each([
    ['KPRF_BROKERS', '; did you mean KPRF_KAFKA_BROKERS?'],
    ['KPRF_BOOTSTRAP_SERVERS', '; did you mean KPRF_KAFKA_BROKERS?'],
    ['KPRF_KAFKA_BOOTSTRAP_SERVERS', '; did you mean KPRF_KAFKA_BROKERS?'],
    ['KPRF_KAFKA_ACKS', '; did you mean KPRF_KAFKA_REQUEST_REQUIRED_ACKS?'],
    ['KPRF_LINGER_MS', '; did you mean KPRF_KAFKA_QUEUE_BUFFERING_MAX_MS?'],
    ['KPRF_COMPRESSION_TYPE', '; did you mean KPRF_KAFKA_PROPERTIES_COMPRESSION_TYPE?'],
    ['KPRF_PORT', '; did you mean KPRF_HTTP_PORT?'],
    ['KPRF_PASSWORD', '; did you mean KPRF_KAFKA_PASSWORD?'],
    ['KPRF_KAFKA_BROKER', '; did you mean KPRF_KAFKA_BROKERS?'],
    ['KPRF_KAFKA_PASSWORDFILE', '; did you mean KPRF_KAFKA_PASSWORD_FILE?'],
    ['KPRF_HTTP_PORT_FILE', '; did you mean KPRF_HTTP_PORT?'],
    ['KPRF_kafka_brokers', '; did you mean KPRF_KAFKA_BROKERS?'],
    ['KPRF_SOMETHING_ENTIRELY_DIFFERENT', ''],
    ['KPRF_', ''],
  ])('refuses %s', (variable, guess) => {
    expect(errorsWithBroker({ env: { [variable]: 'x' } })).toEqual([
      `${variable}: unknown variable${guess}`,
    ])
  })

  it.each([
    ['KPRF_SERVICE_HOST', '10.0.0.1'],
    ['KPRF_SERVICE_PORT', '4242'],
    ['KPRF_SERVICE_PORT_HTTP', '4242'],
    ['KPRF_PORT', 'tcp://10.0.0.1:4242'],
    ['KPRF_PORT_4242_TCP', 'tcp://10.0.0.1:4242'],
    ['KPRF_PORT_4242_TCP_PROTO', 'tcp'],
    ['KPRF_PORT_4242_TCP_PORT', '4242'],
    ['KPRF_PORT_4242_TCP_ADDR', '10.0.0.1'],
    ['KPRF_METRICS_SERVICE_HOST', '10.0.0.1'],
    ['KPRF_METRICS_PORT_8088_TCP_ADDR', '10.0.0.1'],
    ['KPRF_HTTP_PORT', 'tcp://10.0.0.1:4242'],
  ])('leaves %s=%s of Kubernetes alone', (variable, value) => {
    expect(loadWithBroker({ env: { [variable]: value } })).toEqual(loadWithBroker({}))
  })

  it('leaves what does not begin with KPRF_ alone', () => {
    expect(loadWithBroker({ env: { KPRFX: '1', PATH: '/', kprf_log_level: 'x' } })).toEqual(
      loadWithBroker({}),
    )
  })

  it('takes an empty variable for the empty text', () => {
    expect(loadWithBroker({ env: { KPRF_KAFKA_USER: '' } }).kafka.user).toBe('')
    expect(errorsWithBroker({ env: { KPRF_KAFKA_RETRIES: '' } })).toEqual([
      'kafka.retries: must be a whole number from 0 to 2147483647 (KPRF_KAFKA_RETRIES)',
    ])
  })

  it('does not take a variable without value for set', () => {
    expect(loadWithBroker({ env: { KPRF_KAFKA_RETRIES: undefined } }).kafka.retries).toBe(3)
  })
})
