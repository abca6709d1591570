#!/usr/bin/env bash
# Packs kprf as npm would publish it. Under each supported line of Node.js, installs the package globally into an empty
# folder, asks for its version, checks the configuration that comes with it, pushes a record through it to the embedded
# broker, gets the page of the operations port, and stops it. Needs Node 26 in node_modules, npm, and curl.
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

version_of_package=$(node -p "require('$root/package.json').version")

# The folder of a version of Node.js: the one of node_modules, or what npm installs into its cache.
folder_of() {
  [ "$1" = 26 ] && dirname "$(node -p process.execPath)" && return
  npm exec --yes --package="node@$1" -- node -p 'require("node:path").dirname(process.execPath)'
}

check() {
  local PATH="$1:$PATH" prefix log port reply
  prefix=$(mktemp -d -p "$folder")
  log="$prefix/log"
  npm install --silent --no-audit --no-fund --prefer-offline --global --prefix "$prefix" "$folder"/kprf-*.tgz >/dev/null
  [ -z "$(find "$prefix" -name '*.ts' -not -name '*.d.ts' -path '*kprf/*' -not -path '*/node_modules/kprf/node_modules/*')" ] || {
    echo 'the package holds sources' >&2
    return 1
  }

  cd "$prefix"
  echo "$(bin/kprf --version), Node.js $(node --version)"
  # The loop below may look before kprf has begun.
  : >"$log"
  bin/kprf --version | grep -qF "$version_of_package"
  [ "$(bin/kprf config check --config=lib/node_modules/kprf/config_example.yaml)" = ok ]
  bin/kprf --embedded-broker --http.host=127.0.0.1 --http.port=0 --http.metrics_port=0 >"$log" 2>"$log.screen" &
  kprf=$!
  for _ in $(seq 300); do
    port=$(sed -n 's/.*"accepting pushes".*"port":\([0-9]*\).*/\1/p' "$log")
    [ -z "$port" ] || break
    sleep 0.1
  done
  grep -q "\"node\":\"$(node -p process.versions.node)\"" "$log"
  reply=$(curl -s "http://127.0.0.1:$port/push" -H 'Content-Type: application/json' \
    -d '{"records": [{"topic": "package", "data": "from the package"}], "wait_for_send": true}')
  echo "$reply"
  [ "$reply" = '{"status":"ok","errors":[]}' ]
  port=$(sed -n 's/.*"accepting pushes".*"metrics_port":\([0-9]*\).*/\1/p' "$log")
  for file in '' page/main.js page/style.css page/uplot.js; do
    curl -sf "http://127.0.0.1:$port/$file" -o file
    [ -s file ]
  done
  # The head of the stream, and its first event.
  curl -sN --max-time 2 "http://127.0.0.1:$port/page/live" >events || true
  grep -q '^event: figures' events
  kill -TERM "$kprf"
  wait "$kprf" # fails the check unless kprf ends with 0
  kprf=
}

# The oldest supported version of each line, and the one that package.json pins.
for version in 22.22.2 24.14.1 26; do
  check "$(folder_of "$version")"
done
