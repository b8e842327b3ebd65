#!/usr/bin/env bash
# The documentation of the library: no broken link, nothing public without words.
set -euo pipefail
RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --lib --document-private-items
