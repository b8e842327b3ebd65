#!/usr/bin/env bash
# Sets the demo up where it isn't yet, and serves it until Ctrl-C.
#
# Every step that has been done leaves a marker with a checksum of what it read: an interrupted set-up goes on where it stopped, a changed
# demo archive is read again, and a second start takes seconds.
#
# Environment: PORT (8080), RIPOSTE_DEMO_DIR (.demo in the repository), RIPOSTE_BIN (the program; default: where cargo puts it).
set -euo pipefail
umask 077
cd "$(dirname "$0")/.."

port="${PORT:-8080}"
demo="${RIPOSTE_DEMO_DIR:-$PWD/.demo}"
data="$demo/data"
steps="$demo/steps"
credentials="$demo/credentials.txt"
log="$demo/server.log"
url="http://127.0.0.1:$port"
desks=(shop bank education)

say() { printf '== %s\n' "$*"; }
fail() { printf 'make run: %s\n' "$*" >&2; exit 1; }

if [ -z "${RIPOSTE_BIN:-}" ]; then
  target=$(cargo metadata --locked --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
  RIPOSTE_BIN="$target/debug/riposte"
fi
if [ "${1:-}" = --delete ]; then
  if [ ! -d "$data" ]; then say "there is no demo in $demo"; exit 0; fi
  if "$RIPOSTE_BIN" --data-dir "$data" healthcheck > /dev/null 2>&1; then fail "the demo is running: stop it first"; fi
  say "deleting $demo"
  rm -rf -- "$data" "$steps" "$credentials" "$log"
  rmdir -- "$demo" 2> /dev/null || true
  exit 0
fi

[ -x "$RIPOSTE_BIN" ] || fail "$RIPOSTE_BIN is not there: run \`cargo build\` first"

# Set-up is told by this script; of the program only failures are of interest.
riposte() { "$RIPOSTE_BIN" --data-dir "$data" --set log.filter=error "$@"; }

# A line `name value` of the credentials file.
credential() { sed -n "s/^$1 //p" "$credentials" 2> /dev/null | tail -n1; }

# Runs a step once for each state of what it reads. Arguments: name, what it reads (a path), command …
step() {
  local name="$1" reads="$2" sum
  shift 2
  sum=$(find "$reads" -type f | LC_ALL=C sort | xargs cksum | cksum)
  if [ "$(cat "$steps/$name" 2> /dev/null)" = "$sum" ]; then return; fi
  "$@"
  printf '%s' "$sum" > "$steps/$name"
}

import_desk() {
  say "importing the archive of demo-$1"
  riposte import --desk "demo-$1" "knowledge/demo/$1/conversations.zh.jsonl" "knowledge/demo/$1/conversations.en.jsonl"
}

load_entries() {
  say "loading knowledge entries"
  riposte knowledge import knowledge/demo
}

rebuild_clusters() {
  say "grouping the questions of demo-$1"
  riposte clusters rebuild --desk "demo-$1"
}

# The password is written down before the account is made: an interrupted set-up must not leave an account nobody can use.
add_account() {
  local name="$1"
  shift
  if [ -z "$(credential "$name")" ]; then
    printf '%s %s\n' "$name" "$(head -c 15 /dev/urandom | base64 | tr '+/' 'xy')" >> "$credentials"
  fi
  if ! riposte user list | cut -f1 | grep -qxF "$name"; then
    credential "$name" | riposte user add "$name" "$@" --password-stdin > /dev/null
  fi
}

add_accounts() {
  say "creating demo accounts and an API key"
  add_account demo-agent --role agent --desk demo-shop
  add_account demo-supervisor --role supervisor
  add_account demo-editor --role kb_editor
  add_account demo-admin --role admin
  if [ -z "$(credential api-key)" ]; then
    local key
    key=$(riposte key add demo-host --role agent --desk demo-shop --desk demo-bank --desk demo-education | sed -n 's/^key: //p')
    [ -n "$key" ] || fail "no API key was made"
    printf 'api-key %s\n' "$key" >> "$credentials"
  fi
}

if riposte healthcheck > /dev/null 2>&1; then
  fail "the demo in $demo is running already (see the terminal it was started from)"
fi
if (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then
  fail "port $port is in use: stop what runs there, or choose another one with \`make run PORT=$((port + 1))\`"
fi

mkdir -p "$demo"
# Markers and passwords without their data folder mean nothing.
[ -f "$data/riposte.db" ] || rm -rf -- "$steps" "$credentials"
mkdir -p "$steps"
started=$SECONDS
for desk in "${desks[@]}"; do step "import-$desk" "knowledge/demo/$desk" import_desk "$desk"; done
step knowledge knowledge/demo load_entries
for desk in "${desks[@]}"; do step "clusters-$desk" "knowledge/demo/$desk" rebuild_clusters "$desk"; done
step accounts scripts/run-demo.sh add_accounts

say "starting on $url"
# A process group of its own: Ctrl-C then reaches this script alone, which passes one signal on (a second one would end the server at once).
set -m
NO_COLOR=1 "$RIPOSTE_BIN" --data-dir "$data" serve --listen "127.0.0.1:$port" > "$log" 2>&1 < /dev/null &
server=$!
set +m
stop() { kill -TERM "$server" 2> /dev/null || true; }
trap 'echo; say "stopping"; stop' INT TERM
trap stop EXIT

for _ in $(seq 300); do
  if riposte healthcheck > /dev/null 2>&1; then ready=yes; break; fi
  kill -0 "$server" 2> /dev/null || break
  sleep 0.2
done
if [ "${ready:-no}" != yes ]; then
  tail -n 20 "$log" >&2
  fail "the server did not start; its log is $log"
fi

key=$(credential api-key)
cat << END

Riposte is ready ($((SECONDS - started)) s):  $url      API description: $url/docs

  account           password               role
  demo-agent        $(credential demo-agent)   agent of demo-shop
  demo-supervisor   $(credential demo-supervisor)   supervisor, every desk
  demo-editor       $(credential demo-editor)   knowledge editor, every desk
  demo-admin        $(credential demo-admin)   administrator

Suggestions in Chinese and in English (the key is in $credentials):

  curl -sS $url/v1/suggestions -H 'Authorization: Bearer $key' -H 'Content-Type: application/json' \\
    -d '{"desk":"demo-shop","limit":3,"conversation":{"messages":[{"role":"customer","text":"裙子买小了想退，吊牌还在"},{"role":"agent","text":"可以退的，7天内申请就行"},{"role":"customer","text":"那运费呢？"}]}}'

  curl -sS $url/v1/suggestions -H 'Authorization: Bearer $key' -H 'Content-Type: application/json' \\
    -d '{"desk":"demo-bank","limit":3,"conversation":{"messages":[{"role":"customer","text":"I lost my card, what should I do first?"}]}}'

Log: $log      Ctrl-C stops.
END

# `wait` returns early when a signal arrives; the server may still be finishing.
while kill -0 "$server" 2> /dev/null; do wait "$server" && status=0 || status=$?; done
trap - EXIT
if [ "${status:-0}" -ne 0 ]; then
  tail -n 20 "$log" >&2
  fail "the server ended with status $status; its log is $log"
fi
say "stopped"
