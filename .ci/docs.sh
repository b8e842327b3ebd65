#!/usr/bin/env bash
# The documentation of the library: no broken link, nothing public without words. Private items are included, because the people who read
# it work on the code; so links to them are welcome.
set -euo pipefail
RUSTDOCFLAGS='-D warnings -A rustdoc::private-intra-doc-links' cargo doc --locked --no-deps --lib --document-private-items
