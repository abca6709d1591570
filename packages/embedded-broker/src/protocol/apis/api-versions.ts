/** ApiVersions: which requests, in which versions, the broker serves. */
import type { ResponseOf } from '../api.ts'
import { array, int16, int32, since, string, struct } from '../codec.ts'

/** Versions and layout of ApiVersions. */
export const apiVersionsApi = {
  key: 18,
  name: 'ApiVersions',
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 3,
  request: struct({
    clientSoftwareName: since(3, string, ''),
    clientSoftwareVersion: since(3, string, ''),
  }),
  response: struct({
    errorCode: int16,
    apis: array(struct({ key: int16, minVersion: int16, maxVersion: int16 })),
    throttleTimeMs: since(1, int32, 0),
  }),
} as const

/** Body of an ApiVersions response. */
export type ApiVersionsResponse = ResponseOf<typeof apiVersionsApi>
