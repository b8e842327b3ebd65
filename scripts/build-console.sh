#!/usr/bin/env bash
# Builds the console (web/dist), which the program embeds. Skipped when nothing that it is made of has changed since.
#
# Without Node.js or the npm registry it says so and ends well: the program is then built with the page in web/placeholder, or with the
# console that was built before. Exit status 3 instead when asked with --required.
set -euo pipefail
cd "$(dirname "$0")/../web"

oldest=20.19
stamp=node_modules/.console-built
installed=node_modules/.installed

go_on_without() {
  local shown='the page that says how to build it'
  if [ -f dist/index.html ]; then shown='the console that was built before'; fi
  printf '\n!! The console is not built: %s.\n   The program will show %s.\n\n' "$1" "$shown" >&2
  if [ "${required:-no}" = yes ]; then exit 3; fi
  exit 0
}
if [ "${1:-}" = --required ]; then required=yes; fi

command -v npm > /dev/null || go_on_without "Node.js is missing (https://nodejs.org, $oldest or newer)"
have=$(node --version | tr -d v)
if [ "$(printf '%s\n%s\n' "$oldest" "$have" | sort -V | head -n1)" != "$oldest" ]; then
  go_on_without "Node.js $have is too old, $oldest or newer is needed"
fi

sum=$(find . ../tests/it/snapshots/openapi.json -type f \
  -not -path './node_modules/*' -not -path './dist/*' -not -path './tests/*' -not -name schema.d.ts -print0 | LC_ALL=C sort -z | xargs -0 cksum | cksum)
if [ -f dist/index.html ] && [ "$(cat "$stamp" 2> /dev/null)" = "$sum" ]; then exit 0; fi

lock=$(cksum < package-lock.json)
if [ "$(cat "$installed" 2> /dev/null)" != "$lock" ]; then
  echo '== fetching what the console is built with'
  npm ci --no-audit --no-fund --loglevel=error || go_on_without 'the npm registry does not answer'
  printf '%s' "$lock" > "$installed"
fi
echo '== building the console'
npm run --silent check
npm run --silent bundle -- --logLevel warn
printf '%s' "$sum" > "$stamp"
