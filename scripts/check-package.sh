#!/usr/bin/env bash
# Packs kprf as npm would publish it, installs the package into an empty folder, and pushes a record through it to the
# embedded broker. Needs Node 26 in node_modules, and curl.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
kprf=
cleanup() {
  [ -z "$kprf" ] || kill -9 "$kprf" 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT
export PATH="$root/node_modules/.bin:$PATH"

(cd "$root" && npm pack --silent --pack-destination "$folder" >/dev/null)
npm install --silent --global --prefix "$folder/global" "$folder"/kprf-*.tgz >/dev/null
[ -z "$(find "$folder/global" -name '*.ts' -not -name '*.d.ts' -path '*kprf/*' -not -path '*/node_modules/*')" ] || {
  echo 'the package holds sources' >&2
  exit 1
}

cd "$folder"
"$folder/global/bin/kprf" --version
"$folder/global/bin/kprf" --embedded-broker --http.host=127.0.0.1 --http.port=0 --http.metrics_port=0 >log &
kprf=$!
for _ in $(seq 300); do
  port=$(sed -n 's/.*"accepting pushes".*"port":\([0-9]*\).*/\1/p' log)
  [ -z "$port" ] || break
  sleep 0.1
done
reply=$(curl -s "http://127.0.0.1:$port/push" -H 'Content-Type: application/json' \
  -d '{"records": [{"topic": "package", "data": "from the package"}], "wait_for_send": true}')
echo "$reply"
[ "$reply" = '{"status":"ok","errors":[]}' ]
kill -TERM "$kprf"
wait "$kprf"
kprf=
