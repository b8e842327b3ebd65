#!/usr/bin/env bash
# Runs one gate of .ci/ and says which.
set -euo pipefail
cd "$(dirname "$0")/.."
printf '== %s\n' "$1"
started=$SECONDS
".ci/$1.sh"
printf '== %s passed (%d s)\n' "$1" "$((SECONDS - started))"
