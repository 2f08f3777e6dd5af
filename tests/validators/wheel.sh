#!/usr/bin/env bash
# The wheel, built, installed into a fresh environment and run. The development profile: what it holds is tested
# elsewhere, here it is whether it arrives.
set -euo pipefail
rm -rf "$WORK/wheels" "$WORK/fresh"
"$VENV/bin/maturin" build --locked --profile dev --out "$WORK/wheels" --quiet
python3 -m venv "$WORK/fresh"
"$WORK/fresh/bin/pip" install --quiet --no-index --disable-pip-version-check "$WORK"/wheels/secure_lint-*.whl
"$WORK/fresh/bin/secure-lint" --version
"$WORK/fresh/bin/secure-lint" check testdata/worlds/nothing-to-say --root testdata/worlds/nothing-to-say
