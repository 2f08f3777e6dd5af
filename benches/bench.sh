#!/usr/bin/env bash
# The budgets: start-up, 200 mixed files, 5,000 mixed files, growth from 1x to 8x. Prints CPU time and peak memory; says
# which budget is missed. Uses the release binary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --locked --release --quiet
exec python3 benches/bench.py "$PWD/target/release/secure-lint" "$PWD/target/bench" "$@"
