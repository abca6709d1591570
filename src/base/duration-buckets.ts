/**
 * Upper bounds of the buckets, ms: those of the Rust kprf's dashboards (5, 10, 20, 40, 80), doubled up to 20 s, and
 * three finer ones for a nearby broker.
 */
export const DURATION_BUCKETS_MS = [
  0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10_240, 20_480,
] as const
