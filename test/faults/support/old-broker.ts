import {
  type Fault,
  fault,
  type RequestBody,
  type ResponseBody,
} from '@kprf/embedded-broker/testing'

const PRODUCE = 0

/** Makes a broker say that it knows Produce up to this version only. */
export function producingUpTo(
  maxVersion: number,
): Fault<RequestBody<'ApiVersions'>, ResponseBody<'ApiVersions'>> {
  return fault.rewrite((answer) => ({
    ...answer,
    apis: answer.apis.map((api) => (api.key === PRODUCE ? { ...api, maxVersion } : api)),
  }))
}
