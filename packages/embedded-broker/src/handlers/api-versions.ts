/** Serves ApiVersions from the list of all endpoints. */
import type { Endpoint } from '../endpoint.ts'
import { endpoint } from '../endpoint.ts'
import { answer } from '../exchange.ts'
import type { Api } from '../protocol/api.ts'
import type { ApiVersionsResponse } from '../protocol/apis/api-versions.ts'
import { apiVersionsApi } from '../protocol/apis/api-versions.ts'
import { ErrorCode } from '../protocol/error-code.ts'

/** Kafka's rule for client software names (KIP-511). */
const SOFTWARE_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

/** The ApiVersions endpoint; `apis` is asked at each request, since the list includes this one. */
export function apiVersionsEndpoint(apis: () => readonly Api<unknown, unknown>[]): Endpoint {
  return endpoint(apiVersionsApi, (request, { version }) => {
    const isNamed = [request.clientSoftwareName, request.clientSoftwareVersion].every((name) =>
      SOFTWARE_NAME.test(name),
    )
    const isRefused = version >= 3 && !isNamed
    return answer({
      errorCode: isRefused ? ErrorCode.INVALID_REQUEST : ErrorCode.NONE,
      apis: isRefused ? [] : ranges(apis()),
      throttleTimeMs: 0,
    })
  })
}

/** The answer to a version that is not served, sent in the layout of version 0 (KIP-511). */
export function unsupportedApiVersions(): ApiVersionsResponse {
  return {
    errorCode: ErrorCode.UNSUPPORTED_VERSION,
    apis: ranges([apiVersionsApi]),
    throttleTimeMs: 0,
  }
}

function ranges(apis: readonly Api<unknown, unknown>[]): ApiVersionsResponse['apis'] {
  return apis.map(({ key, minVersion, maxVersion, advertisedMinVersion }) => ({
    key,
    minVersion: advertisedMinVersion ?? minVersion,
    maxVersion,
  }))
}
