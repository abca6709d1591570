#!/usr/bin/env bash
# Does what the Dockerfile does, without a container engine: build, install the production dependencies
# alone, run from there on a real Kafka, push with curl, drain. Needs Node 26 in node_modules, curl, and
# what `npm run kafka:start` needs.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
image=$(mktemp -d)
kprf=
cleanup() {
  [ -z "$kprf" ] || kill -9 "$kprf" 2>/dev/null || true
  (cd "$root" && npm run --silent kafka:stop)
  rm -rf "$image"
}
trap cleanup EXIT
node="$root/node_modules/.bin/node"

cp "$root"/package.json "$root"/package-lock.json "$root"/.npmrc "$image"
mkdir -p "$image/packages/embedded-broker"
cp "$root"/packages/embedded-broker/package.json "$image/packages/embedded-broker"
(cd "$image" && npm ci --omit=dev --ignore-scripts >/dev/null)
(cd "$root" && "$node" node_modules/typescript/bin/tsc -p packages/embedded-broker/tsconfig.build.json)
cp -r "$root/packages/embedded-broker/dist" "$image/packages/embedded-broker"
(cd "$root" && "$node" node_modules/typescript/bin/tsc -p tsconfig.build.json --outDir "$image/dist")
(cd "$root" && npm run --silent build:page && cp -r dist/page/browser "$image/dist/page")
[ -z "$(find "$image/node_modules" -name '*.node' -o -name binding.gyp)" ] || {
  echo 'the production dependencies hold a native addon' >&2
  exit 1
}

brokers=$(cd "$root" && npm run --silent kafka:start)
cd "$image"
"$node" --disable-sigusr1 --enable-source-maps dist/main.js --kafka.brokers="$brokers" --http.host=127.0.0.1 \
  --http.port=0 --http.metrics_port=0 >log &
kprf=$!
for _ in $(seq 100); do
  port=$(sed -n 's/.*"accepting pushes".*"port":\([0-9]*\).*/\1/p' log)
  [ -z "$port" ] || break
  sleep 0.1
done
reply=$(curl -s "http://127.0.0.1:$port/push" -H 'Content-Type: application/json' \
  -d '{"records": [{"topic": "image", "data": "from the image"}], "wait_for_send": true}')
echo "$reply"
[ "$reply" = '{"status":"ok","errors":[]}' ]
metrics_port=$(sed -n 's/.*"accepting pushes".*"metrics_port":\([0-9]*\).*/\1/p' log)
curl -sf "http://127.0.0.1:$metrics_port/" | grep -q '<title>kprf</title>'
kill -TERM "$kprf"
wait "$kprf"
kprf=
grep '"msg":"stopped"' log
