#!/usr/bin/env bash
# Every Rust test: unit, property, contract, API, model, process, architecture, demo archive. The tests of the PostgreSQL store run on a server
# of their own, unless TEST_POSTGRES_URL names one.
set -euo pipefail
# Snapshots are compared, never written.
export INSTA_UPDATE=no
if [ -z "${TEST_POSTGRES_URL:-}" ]; then
  cluster=$(mktemp -d)
  trap 'scripts/postgres.sh stop "$cluster"' EXIT
  TEST_POSTGRES_URL=$(scripts/postgres.sh start "$cluster")
  export TEST_POSTGRES_URL
fi
if command -v cargo-nextest > /dev/null; then
  cargo nextest run --locked
else
  echo 'cargo-nextest is not installed; `cargo test` runs the same tests'
  cargo test --locked --lib --bins --tests
fi
