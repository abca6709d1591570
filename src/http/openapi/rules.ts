import type { HttpConfig } from '../../config/types.ts'

/** What the document says about the limits: keys of `http.*`. */
export type DocumentRules = Pick<
  HttpConfig,
  | 'maxBodyBytes'
  | 'maxRecordsPerRequest'
  | 'maxTopicsPerRequest'
  | 'unknownFields'
  | 'allowOldTimestamps'
  | 'replies'
>
