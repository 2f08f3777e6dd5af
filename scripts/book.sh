#!/usr/bin/env bash
# Builds the documentation into docs/book: the written pages, and those that the program makes of itself. Without mdbook
# on the PATH only the sources of the book are made, in docs/src.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
binary="${BINARY:-target/debug/secure-lint}"
rm -rf docs/src/generated
"$binary" docs docs/src/generated
# The list of chapters with a chapter for each rule; pages that no list names would not be built.
{
  while IFS= read -r line; do
    printf '%s\n' "$line"
    [[ "$line" != "- [Rules]"* ]] || cat docs/src/generated/summary.md
    [[ "$line" != *"migrating/buildkit.md)" ]] || for page in docs/src/generated/migrating/*.md; do
      name="$(basename "$page" .md)"
      grep -q "migrating/$name.md)" docs/summary.md || echo "  - [From $name](generated/migrating/$name.md)"
    done
  done <docs/summary.md
} >docs/src/SUMMARY.md
rm docs/src/generated/summary.md
if command -v mdbook >/dev/null; then
  mdbook build docs
else
  echo "mdbook is not on the PATH: docs/src holds the sources of the book"
fi
