#!/usr/bin/env bash
# The console in a real browser, against the real program. Installs what it needs where it can, and says loudly when it can't run.
set -euo pipefail

skip() {
  printf '\n!! SKIPPED: browser tests (%s)\n\n' "$*"
  exit 0
}
install() {
  [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || return 1
  echo "== installing $*"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } > /dev/null 2>&1
}
find_chromium() {
  CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
  [ -n "$CHROMIUM" ]
}

[ -f tests/browser/package.json ] || skip 'there are none in tests/browser'
[ -f web/dist/index.html ] || skip 'the console is not built; see the gate web'
command -v npm > /dev/null || skip 'Node.js is not installed; see https://nodejs.org'
find_chromium || { install chromium fonts-noto-cjk && find_chromium; } || skip 'Chromium is not installed; install your system'"'"'s package for it'
export CHROMIUM

# With a test beside it the program is the one that the unit tests were built with; alone it would be compiled anew, because the tests'
# dependencies ask for more of some packages.
cargo build --locked --bin riposte --test it
target=$(cargo metadata --locked --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
export RIPOSTE_BIN="$target/debug/riposte"
cd tests/browser
npm ci --no-audit --no-fund --loglevel=error || skip 'the npm registry does not answer'
npm test
