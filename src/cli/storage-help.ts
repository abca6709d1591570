/** The texts of `kprf help wal` and `kprf help dead-letters`. */
import { EXIT_CODES } from '../base/exit-codes.ts'

const WAL_DIR = '[--config=FILE] [--wal.dir=FOLDER]'
const { ok, failed, usage, damaged, inUse, config } = EXIT_CODES

const FOLDER = `FOLDER is what wal.dir names, or one slot of it. Without it, wal.dir of the
configuration counts.`

/** The help of each command by its words. */
export const STORAGE_HELP: readonly (readonly [command: string, text: string])[] = [
  [
    'wal',
    `Usage: kprf wal inspect | verify | repair

  wal inspect  Show what write-ahead logs hold.
  wal verify   Check every byte of them.
  wal repair   Make damaged files whole again.

See kprf help wal inspect, and so on.
`,
  ],
  [
    'wal inspect',
    `Usage: kprf wal inspect [FOLDER] [--json] ${WAL_DIR}

Shows the write-ahead log of each process: whether it is in use, its files, what
Kafka has of them, what is pending, and the dead letters. It only reads, also
while kprf runs. ${FOLDER}

  --json  Print one JSON object.

Exit codes: ${ok} shown; ${config} the folder cannot be used.

Example:
  kprf wal inspect --config=/etc/kprf.yaml
`,
  ],
  [
    'wal verify',
    `Usage: kprf wal verify [FOLDER] [--json] ${WAL_DIR}

Reads every byte of the write-ahead logs, and prints a line for each place that is
not what kprf wrote, with the records that are lost at most. A file that ends within
a push, as after a kill, is torn and not damaged. It only reads, also while kprf runs.
${FOLDER}

  --json  Print one JSON object.

Exit codes: ${ok} no damage; ${damaged} damage; ${config} the folder cannot be used, or has files that
kprf does not start with.

Example:
  kprf wal verify /var/lib/kprf/wal
`,
  ],
  [
    'wal repair',
    `Usage: kprf wal repair [FOLDER] [--dry-run] ${WAL_DIR}

Copies all that can be read of a damaged or torn file to a new one, which takes its
place, and keeps the old one as .damaged. Slots that a process uses are left alone.
${FOLDER}

  --dry-run  Say what it would do, and change nothing.

Exit codes: ${ok} done, or nothing to do; ${inUse} files of a slot that is in use need repair: stop
kprf first; ${config} the folder cannot be used.

Example:
  kprf wal repair --dry-run /var/lib/kprf/wal
`,
  ],
  [
    'dead-letters',
    `Usage: kprf dead-letters list | replay | drop

  dead-letters list    List the records that Kafka refuses for good.
  dead-letters replay  Send them again.
  dead-letters drop    Remove them.

See kprf help dead-letters list, and so on. All work while kprf runs.
`,
  ],
  [
    'dead-letters list',
    `Usage: kprf dead-letters list [--topic=TOPIC] [--json] ${WAL_DIR}

Prints a line for each dead letter: id, topic, partition, key, when it was accepted,
bytes, and why Kafka refuses it.

  --topic=TOPIC  Only those for this topic.
  --json         Print one JSON object per dead letter, with value and headers.

Exit codes: ${ok} listed; ${config} the folder cannot be used.

Example:
  kprf dead-letters list --topic=orders --config=/etc/kprf.yaml
`,
  ],
  [
    'dead-letters replay',
    `Usage: kprf dead-letters replay ID ... | --topic=TOPIC | --all [--config=FILE] [--KEY=VALUE ...]

Sends dead letters to their topics again, with the kafka settings of the
configuration and without the headers that kprf added. Each is removed once Kafka has
acknowledged it. If the command is killed, it may send some of them a second time
when it is run again.

Exit codes: ${ok} Kafka has all of them; ${failed} some are still refused, and are kept; ${usage} none was
named; ${inUse} another replay or drop is under way; ${config} errors in the configuration.

Examples:
  kprf dead-letters replay --topic=orders --config=/etc/kprf.yaml
  kprf dead-letters replay slot-00/1-9f3a22c1:17 --config=/etc/kprf.yaml
`,
  ],
  [
    'dead-letters drop',
    `Usage: kprf dead-letters drop ID ... | --topic=TOPIC | --all [--yes] ${WAL_DIR}

Removes dead letters for good.

  --yes  Do not ask.

Exit codes: ${ok} removed; ${failed} the answer was no, or an id is not there; ${usage} none was named, or
nobody can be asked; ${inUse} another replay or drop is under way; ${config} the folder cannot be used.

Example:
  kprf dead-letters drop --all --yes --config=/etc/kprf.yaml
`,
  ],
]
