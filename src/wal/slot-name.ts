/** The folder of one process in `wal.dir`. */
export const SLOT_NAME = /^slot-\d{2,3}$/
