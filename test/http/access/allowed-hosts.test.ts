import { describe, expect, it } from 'vitest'
import { AllowedHosts } from '../../../src/http/access/allowed-hosts.ts'

describe('AllowedHosts', () => {
  it.for([
    ['kprf.example', 'kprf.example', true],
    ['kprf.example', 'KPRF.Example:4242', true],
    ['kprf.example', 'kprf.example.', true],
    ['kprf.example', 'kprf.example:', true],
    ['KPRF.example.', 'kprf.example', true],
    ['kprf.example', undefined, false],
    ['kprf.example', '', false],
    ['kprf.example', 'kprf.example.evil.example', false],
    ['kprf.example', 'evilkprf.example', false],
    ['kprf.example', 'a.kprf.example', false],
    ['kprf.example', 'user@kprf.example', false],
    ['kprf.example', 'kprf.example/', false],
    ['kprf.example', 'kprf.example:4242:1', false],
    ['kprf.example', 'kprf.example, evil.example', false],
    ['*.example.com', 'a.example.com:80', true],
    ['*.example.com', 'a.b.EXAMPLE.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'evilexample.com', false],
    ['*.example.com', '.example.com', false],
    ['127.0.0.1', '127.0.0.1:4242', true],
    ['127.0.0.1', '127.1', false],
    ['::1', '[::1]:4242', true],
    ['[::1]', '[0:0:0:0:0:0:0:1]', true],
    ['2001:DB8::1', '[2001:db8:0::1]:80', true],
    ['::1', '::1', false],
    ['::1', '[::2]', false],
    ['::1', '[::1', false],
    ['::1', '[nonsense]', false],
  ] as const)('%s, for a request with Host %s: %s', ([allowed, host, isAllowed]) => {
    const refusal = new AllowedHosts([allowed]).refusal(host)

    expect(refusal?.code).toBe(isAllowed ? undefined : 'HOST_NOT_ALLOWED')
  })
})
