#!/usr/bin/env bash
# Does what the README tells a newcomer to do, with its own lines, word for word: start, push, tail.
# Uses the ports that they name: 4242, 8088 and 9092 must be free.
set -euo pipefail
set -m # each background job is a process group of its own, so that it can be ended whole
cd "$(dirname "$0")/.."

# The n-th shell block below "Two commands".
block() {
  awk -v n="$1" '/^## Two commands/ {on = 1; next} /^## / {on = 0}
    on && /^```sh/ {k++; inside = 1; next} /^```/ {inside = 0} on && inside && k == n' README.md
}

log=$(mktemp)
start=$(block 1)
[ "$start" = 'npm ci && npm start' ]
bash -c "exec ${start#npm ci && }" >"$log" 2>&1 &
npm=$!
tail=
cleanup() {
  [ -z "$tail" ] || kill -INT -- "-$tail" 2>/dev/null || true
  kill -INT -- "-$npm" 2>/dev/null || true
  rm -f "$log" "$log.tail"
}
trap cleanup EXIT
for _ in $(seq 200); do
  grep -q 'Its log follows' "$log" && break
  sleep 0.2
done
cat "$log"

reply=$(bash -c "$(block 2)" 2>/dev/null)
echo "$reply"
[ "$reply" = '{"status":"ok","errors":[]}' ]

bash -c "exec $(block 3)" >"$log.tail" 2>/dev/null &
tail=$!
for _ in $(seq 100); do
  [ ! -s "$log.tail" ] || break
  sleep 0.2
done
cat "$log.tail"
grep -qE '^orders/[0-3]@0 hello$' "$log.tail"

# The first screen names the same lines.
grep -qF "$(block 2)" "$log"
grep -qF "$(block 3)" "$log"
