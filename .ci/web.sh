#!/usr/bin/env bash
# The console: builds it (with its types made from the API's description and checked), lint, unit tests. Says loudly when it can't.
set -euo pipefail

status=0
scripts/build-console.sh --required || status=$?
if [ "$status" = 3 ]; then
  printf '\n!! SKIPPED: the console (see above)\n\n'
  exit 0
fi
[ "$status" = 0 ] || exit "$status"
cd web
npm run --silent lint
npm test --silent
