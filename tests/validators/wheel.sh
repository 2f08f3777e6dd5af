#!/usr/bin/env bash
# The wheel, built, installed into a fresh environment and run. The development profile: what it holds is tested
# elsewhere, here it is whether it arrives.
set -euo pipefail
rm -rf "$WORK/wheels" "$WORK/fresh"
"$VENV/bin/maturin" build --locked --profile dev --out "$WORK/wheels" --quiet
python3 -m venv "$WORK/fresh"
"$WORK/fresh/bin/pip" install --quiet --no-index --disable-pip-version-check "$WORK"/wheels/secure_lint-*.whl
"$WORK/fresh/bin/secure-lint" --version
size=$(($(stat -c %s "$WORK"/wheels/secure_lint-*.whl) >> 20))
echo "$size MiB (development profile)"
"$WORK/fresh/bin/secure-lint" check testdata/worlds/nothing-to-say --root testdata/worlds/nothing-to-say

echo "the mirror's hook: pre-commit installs the wheel, offline, and refuses a fault"
scratch="$WORK/mirror"
rm -rf "$scratch" && mkdir -p "$scratch/mirror" "$scratch/project"
version="$("$WORK/fresh/bin/secure-lint" --version | cut -d' ' -f2)"
ls "$WORK"/wheels/setuptools-*.whl >/dev/null 2>&1 ||
  "$VENV/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$WORK/wheels" setuptools==80.9.0
export PRE_COMMIT_HOME="$scratch/home" GIT_CONFIG_GLOBAL=/dev/null PIP_NO_INDEX=1 PIP_FIND_LINKS="$WORK/wheels"
git_() { git -c user.name=a -c user.email=a@example.com -c commit.gpgsign=false "$@"; }
scripts/mirror "v$version" "$scratch/mirror"
"$VENV/bin/pre-commit" validate-manifest "$scratch/mirror/.pre-commit-hooks.yaml"
cd "$scratch/mirror" && git_ init -q -b main . && git_ add -A && git_ commit -qm "$version" && git_ tag "v$version"
cd "$scratch/project" && git_ init -q -b main .
cat >.pre-commit-config.yaml <<CONFIG
repos:
  - repo: $scratch/mirror
    rev: v$version
    hooks:
      - id: secure-lint
CONFIG
git_ add -A && git_ commit -qm begin
"$VENV/bin/pre-commit" install >/dev/null
echo '{"family": "app", "containerDefinitions": [{"name": "agent", "privileged": true, "image": "registry.example.com/agent:1"}]}' >task.json
git_ add -A
# No secure-lint but that of the wheel is on the PATH.
if PATH="$VENV/bin:/usr/local/bin:/usr/bin:/bin" git_ commit -qm faulty >"$scratch/log" 2>&1; then cat "$scratch/log"; exit 1; fi
grep -q "privileged-container" "$scratch/log" || { cat "$scratch/log"; exit 1; }
