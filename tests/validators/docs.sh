#!/usr/bin/env bash
# The documentation: built by mdBook, every link of it followed, its examples read by those whom they are for.
set -euo pipefail
rm -rf docs/book
PATH="$VENV/bin:$PATH" scripts/book.sh >"$WORK/book.log" 2>&1 || { cat "$WORK/book.log"; exit 1; }
if grep -iE "\[?(warn|error)" "$WORK/book.log"; then echo "mdBook is not content"; exit 1; fi

mkdir -p "$WORK/docs"
"$BINARY" check testdata/worlds/public-service --root testdata/worlds/public-service --format ndjson --fail-on never -q \
  --no-suppressions >"$WORK/docs/findings.ndjson"
"$VENV/bin/python" tests/validators/docs.py "$WORK/docs"
