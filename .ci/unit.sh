#!/usr/bin/env bash
# Every Rust test: unit, property, contract, API, model, process, architecture, demo archive.
set -euo pipefail
# Snapshots are compared, never written.
export INSTA_UPDATE=no
if command -v cargo-nextest > /dev/null; then
  cargo nextest run --locked
else
  echo 'cargo-nextest is not installed; `cargo test` runs the same tests'
  cargo test --locked --lib --bins --tests
fi
