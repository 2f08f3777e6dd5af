#!/usr/bin/env bash
# Packs the release binary of a target into dist/, after it has shown that it runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target="$1"
name=secure-lint
[[ "$target" != *windows* ]] || name=secure-lint.exe
binary="target/$target/release/$name"
"$binary" --version
"$binary" check testdata/worlds/nothing-to-say --root testdata/worlds/nothing-to-say
mkdir -p dist stage
cp "$binary" README.md LICENSE-MIT LICENSE-APACHE NOTICE stage/
tar -C stage -czf "dist/secure-lint-$target.tar.gz" .
