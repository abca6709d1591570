/** DescribeConfigs and DescribeCluster. */
import type { RequestOf, ResponseOf } from '../api.ts'
import {
  array,
  between,
  boolean,
  int16,
  int32,
  int8,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
} from '../codec.ts'

/** Kinds of things that have configuration. */
export const ResourceType = { TOPIC: 2, BROKER: 4 } as const

/** Where a configuration value comes from. */
export const ConfigSource = { TOPIC: 1, STATIC_BROKER: 4, DEFAULT: 5 } as const

/** Versions and layout of DescribeConfigs. */
export const describeConfigsApi = {
  key: 32,
  name: 'DescribeConfigs',
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 4,
  request: struct({
    resources: array(struct({ type: int8, name: string, keys: nullableArray(string) })),
    includeSynonyms: since(1, boolean, false),
    includeDocumentation: since(3, boolean, false),
  }),
  response: struct({
    throttleTimeMs: int32,
    results: array(
      struct({
        errorCode: int16,
        errorMessage: nullableString,
        type: int8,
        name: string,
        configs: array(
          struct({
            name: string,
            value: nullableString,
            isReadOnly: boolean,
            isDefault: between(0, 0, boolean, false),
            source: since(1, int8, -1),
            isSensitive: boolean,
            synonyms: since(
              1,
              array(struct({ name: string, value: nullableString, source: int8 })),
              [],
            ),
            type: since(3, int8, 0),
            documentation: since(3, nullableString, null),
          }),
        ),
      }),
    ),
  }),
} as const

/** Versions and layout of DescribeCluster. */
export const describeClusterApi = {
  key: 60,
  name: 'DescribeCluster',
  minVersion: 0,
  maxVersion: 1,
  flexibleFrom: 0,
  request: struct({
    includeAuthorizedOperations: boolean,
    endpointType: since(1, int8, 1),
  }),
  response: struct({
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullableString,
    endpointType: since(1, int8, 1),
    clusterId: string,
    controllerId: int32,
    brokers: array(struct({ id: int32, host: string, port: int32, rack: nullableString })),
    authorizedOperations: int32,
  }),
} as const

/** Body of a DescribeConfigs request. */
export type DescribeConfigsRequest = RequestOf<typeof describeConfigsApi>
/** Body of a DescribeConfigs response. */
export type DescribeConfigsResponse = ResponseOf<typeof describeConfigsApi>
