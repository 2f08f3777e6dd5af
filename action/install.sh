#!/usr/bin/env bash
# Downloads the binary of a version that the table beside this script holds, and refuses any other bytes.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
version="${WANTED_VERSION:-}"
version="${version:-$PINNED_VERSION}"
# A local store stands in for the releases in tests.
releases="${RELEASES:-https://github.com/secure-lint/secure-lint/releases/download}"

fail() {
  echo "::error title=secure-lint::$1"
  exit 2
}

[[ "$version" =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "the version is not one of the table"

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) target=x86_64-unknown-linux-musl ;;
  Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
  Darwin-x86_64) target=x86_64-apple-darwin ;;
  Darwin-arm64) target=aarch64-apple-darwin ;;
  MINGW*-x86_64 | MSYS*-x86_64) target=x86_64-pc-windows-msvc ;;
  *) fail "no binary for this machine" ;;
esac

expected="$(awk -v version="$version" -v target="$target" '$1 == version && $2 == target { print $3 }' "$here/checksums.txt")"
[[ "$expected" =~ ^[0-9a-f]{64}$ ]] || fail "no checksum for version $version on $target"

sum_of() {
  if command -v sha256sum >/dev/null; then sha256sum "$1" | cut -d' ' -f1; else shasum -a 256 "$1" | cut -d' ' -f1; fi
}

folder="${RUNNER_TOOL_CACHE:-${RUNNER_TEMP:-/tmp}}/secure-lint/$version/$target"
archive="$folder/secure-lint-$target.tar.gz"
mkdir -p "$folder"
if [[ ! -f "$archive" || "$(sum_of "$archive")" != "$expected" ]]; then
  rm -f "$archive"
  curl --proto '=https,file' --fail --silent --show-error --location --retry 3 \
    --output "$archive" "$releases/v$version/secure-lint-$target.tar.gz" || fail "the download failed"
fi
[[ "$(sum_of "$archive")" == "$expected" ]] || { rm -f "$archive"; fail "the checksum does not match: nothing was run"; }

if [[ "${VERIFY:-checksum}" == attestation ]]; then
  gh attestation verify "$archive" --repo secure-lint/secure-lint || fail "the provenance cannot be verified"
fi

tar -xzf "$archive" -C "$folder"
binary="$folder/secure-lint"
[[ "$target" != *windows* ]] || binary="$binary.exe"
chmod +x "$binary"
echo "binary=$binary" >>"$GITHUB_OUTPUT"
