#!/usr/bin/env bash
# The hook in the hands of its user: real pre-commit on a scratch repository, offline.
set -euo pipefail
repository="$PWD"
scratch="$WORK/pre-commit"
rm -rf "$scratch" && mkdir -p "$scratch/hooks" "$scratch/project"
export PATH="$(dirname "$BINARY"):$VENV/bin:$PATH" PRE_COMMIT_HOME="$scratch/home" GIT_CONFIG_GLOBAL=/dev/null
git_() { git -c user.name=a -c user.email=a@example.com -c commit.gpgsign=false "$@"; }
expect() { # expect <words> <log>
  grep -q -- "$1" "$2" || { echo "expected: $1"; cat "$2"; exit 1; }
}

# pre-commit clones the repository of a hook; the manifest is all that a system hook needs of it.
cp "$repository/.pre-commit-hooks.yaml" "$scratch/hooks/"
cd "$scratch/hooks" && git_ init -q -b main . && git_ add -A && git_ commit -qm hooks
revision="$(git rev-parse HEAD)"

cd "$scratch/project" && git_ init -q -b main .
cat >.pre-commit-config.yaml <<CONFIG
repos:
  - repo: $scratch/hooks
    rev: $revision
    hooks:
      - id: secure-lint-system
CONFIG
printf 'resource "aws_sqs_queue" "jobs" {\n  name = "jobs"\n}\n' >main.tf
git_ add -A && git_ commit -qm "an old state"
pre-commit install >/dev/null
log="$scratch/log"

fault='{"family": "app", "containerDefinitions": [{"name": "agent", "privileged": true, "image": "registry.example.com/agent:1"}]}'

echo "a clean commit passes"
echo "# a comment" >>main.tf
git_ add -A && git_ commit -qm clean >"$log" 2>&1
expect "secure-lint.*Passed" "$log"

echo "a fault is refused with the finding"
echo "$fault" >task.json
git_ add -A
if git_ commit -qm faulty >"$log" 2>&1; then echo "the commit went through"; exit 1; fi
expect "privileged-container" "$log"

echo "an old fault does not block"
git_ commit -qm "the fault, not looked at" --no-verify
echo "# another comment" >>main.tf
git_ add -A && git_ commit -qm "beside an old fault" >"$log" 2>&1
expect "secure-lint.*Passed" "$log"

echo "an untracked fault is not seen"
echo "$fault" | sed 's/agent/other/g' >untracked.json
echo "# one more" >>main.tf
git_ add main.tf && git_ commit -qm "with an untracked file" >"$log" 2>&1
expect "secure-lint.*Passed" "$log"
rm untracked.json

echo "a workflow alone triggers it"
mkdir -p .github/workflows
printf 'on: pull_request_target\npermissions: write-all\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.event.pull_request.title }}\n' >.github/workflows/a.yml
git_ add -A
if git_ commit -qm workflow >"$log" 2>&1; then echo "the workflow went through"; cat "$log"; exit 1; fi
expect "workflows/a.yml" "$log"
git_ reset -q --hard

echo "a README alone does not"
echo text >README.md
git_ add -A && git_ commit -qm readme >"$log" 2>&1
expect "no files to check" "$log"

echo "try-repo"
pre-commit try-repo "$scratch/hooks" secure-lint-all --all-files --hook-stage manual >"$log" 2>&1 && { echo "the old fault was not found"; exit 1; }
expect "privileged-container" "$log"
