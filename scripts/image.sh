#!/usr/bin/env bash
# Lays the Linux binaries of a release (dist/*.tar.gz) into image/, builds the image for both architectures, pushes them
# and the name that holds both. `scripts/image.sh ghcr.io/owner/name v1.2.3`; the digest goes to GITHUB_OUTPUT.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
image="$1"
version="${2#v}"
[[ "$version" =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "not a version: $version"; exit 2; }

parts=()
for architecture in amd64 arm64; do
  case "$architecture" in amd64) target=x86_64-unknown-linux-musl ;; *) target=aarch64-unknown-linux-musl ;; esac
  rm -rf "image/$architecture" && mkdir -p "image/$architecture"
  tar -xzf "dist/secure-lint-$target.tar.gz" -C "image/$architecture" ./secure-lint
  part="$image:$version-$architecture"
  docker build --platform "linux/$architecture" --build-arg "TARGETARCH=$architecture" \
    --label "org.opencontainers.image.version=$version" \
    --label "org.opencontainers.image.source=https://github.com/secure-lint/secure-lint" \
    --label "org.opencontainers.image.licenses=MIT OR Apache-2.0" --tag "$part" .
  docker push "$part"
  parts+=("$part")
done
docker buildx imagetools create --tag "$image:$version" "${parts[@]}"
digest="$(docker buildx imagetools inspect "$image:$version" --format '{{json .Manifest}}' |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["digest"])')"
[[ "$digest" =~ ^sha256:[0-9a-f]{64}$ ]] || { echo "the registry told no digest"; exit 1; }
echo "digest=$digest" >>"${GITHUB_OUTPUT:-/dev/stdout}"
