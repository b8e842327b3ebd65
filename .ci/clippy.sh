#!/usr/bin/env bash
# Library, program, tests: no warning.
set -euo pipefail
cargo clippy --locked --all-targets -- -D warnings
