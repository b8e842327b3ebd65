#!/usr/bin/env bash
# Says what is missing before a build fails in a less readable way. Arguments: rustup components that are needed too, and `postgresql` where
# the tests are to run.
set -euo pipefail
cd "$(dirname "$0")/.."

needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

if ! command -v cargo > /dev/null; then
  echo "Rust is missing: install it from https://rustup.rs (version $needed or newer), then run this again." >&2
  exit 1
fi
have=$(rustc --version | cut -d' ' -f2 | cut -d- -f1)
if [ "$(printf '%s\n%s\n' "$needed" "$have" | sort -V | head -n1)" != "$needed" ]; then
  echo "Rust $have is too old, $needed or newer is needed: rustup update stable" >&2
  exit 1
fi
if ! command -v cc > /dev/null; then
  echo "A C compiler is missing (SQLite is built from source): apt-get install build-essential, xcode-select --install, or your system's package." >&2
  exit 1
fi
for component in "$@"; do
  if [ "$component" = postgresql ]; then
    # A server named in TEST_POSTGRES_URL serves as well.
    [ -n "${TEST_POSTGRES_URL:-}" ] || scripts/postgres.sh check || exit 1
    continue
  fi
  binary="cargo-${component/rustfmt/fmt}"
  if ! command -v "$binary" > /dev/null; then
    if command -v rustup > /dev/null; then
      echo "== installing $component"
      rustup component add "$component"
    else
      echo "$component is missing: install your system's package for it (cargo $component must work)." >&2
      exit 1
    fi
  fi
done
