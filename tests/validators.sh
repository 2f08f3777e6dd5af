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
  cmp -s tests/validators/requirements.txt "$VENV/installed" && return 0
  python3 -m venv "$VENV" &&
    "$VENV/bin/pip" install --quiet --disable-pip-version-check -r tests/validators/requirements.txt &&
    cp tests/validators/requirements.txt "$VENV/installed"
}

node_tools() {
  [[ -d "$NODE_MODULES" ]] && cmp -s tests/validators/package.json "$work/npm/package.json" && return 0
  mkdir -p "$work/npm" && cp tests/validators/package.json "$work/npm/" &&
    (cd "$work/npm" && npm install --no-audit --no-fund --silent --ignore-scripts || { rm package.json; false; })
}

# Shells and a reader of man pages: those of the machine, else of its package manager.
system_tools() {
  local missing=()
  for program in zsh fish groff; do command -v "$program" >/dev/null || missing+=("$program"); done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  command -v apt-get >/dev/null || return 1
  local as_root=()
  [[ "$(id -u)" == 0 ]] || as_root=(sudo -n)
  "${as_root[@]}" apt-get update -qq && DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq "${missing[@]}"
} >/dev/null 2>&1

cargo build --locked --quiet || exit 1
python=no node=no
if command -v python3 >/dev/null && python_tools; then python=yes; else skip "Python tools (no interpreter or no network)"; fi
if command -v npm >/dev/null && node_tools; then node=yes; else skip "Node tools (no npm or no network)"; fi

part "the action and the release" tests/validators/action.sh
part "this repository" "$BINARY" check --root . -q
part "terminals" python3 tests/validators/terminal.py
if system_tools; then part "shells and the man page" tests/validators/shells.sh; else skip "zsh, fish or groff (no package manager or no network)"; fi
if [[ $python == yes ]]; then
  part "files of ours against schemas" tests/validators/schemas.sh
  part "the documentation" tests/validators/docs.sh
  part "hadolint" "$VENV/bin/hadolint" Dockerfile
  part "zizmor" "$VENV/bin/zizmor" --offline --persona pedantic --quiet action.yml .github
  part "pre-commit" tests/validators/pre-commit.sh
  part "the wheel" tests/validators/wheel.sh
  part "the first day" tests/validators/first-day.sh
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
