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

echo "the image's hook: what the hook tells reaches the program inside"
mkdir "$scratch/programs"
# Stands in for docker: the program in the mounted folder, with the named variables and no others.
cat >"$scratch/programs/docker" <<'DOCKER'
#!/usr/bin/env bash
# pre-commit asks first who it is that docker runs as.
[[ "$1" == run ]] || { echo "{}"; exit 0; }
shift
environment=() folder="" image=""
while (($#)); do
  case "$1" in
    --env) [[ -z "${!2+set}" ]] || environment+=("$2=${!2}"); shift 2 ;;
    -v | --volume) folder="${2%%:/src*}"; shift 2 ;;
    -u | --user | --workdir) shift 2 ;;
    -*) shift ;;
    *) image="$1"; shift; break ;;
  esac
done
[[ "$image" == ghcr.io/secure-lint/secure-lint:* && -d "$folder" ]] || { echo "not our image: $image"; exit 125; }
cd "$folder" && exec env -i PATH="$REAL_PATH" HOME=/nowhere GIT_CONFIG_GLOBAL=/dev/null "${environment[@]}" secure-lint "$@"
DOCKER
chmod +x "$scratch/programs/docker"
sed -i 's/id: secure-lint-system/id: secure-lint-docker/' .pre-commit-config.yaml
git_ add -A && git_ commit -qm "the other hook" --no-verify
echo "$fault" | sed 's/agent/third/g' >third.json
git_ add -A
export REAL_PATH="$PATH"
if PATH="$scratch/programs:$PATH" git_ commit -qm faulty >"$log" 2>&1; then echo "the commit went through"; cat "$log"; exit 1; fi
expect "third.json" "$log"
expect "new since HEAD: 2" "$log"
git_ reset -q --hard
echo "$fault" | sed 's/agent/fourth/g' >untracked.json
echo "# and one more" >>main.tf
git_ add main.tf && PATH="$scratch/programs:$PATH" git_ commit -qm "beside an old fault, with an untracked file" >"$log" 2>&1
expect "secure-lint.*Passed" "$log"
rm untracked.json

echo "a push is compared with what was pushed before"
git_ init -q --bare "$scratch/remote.git"
git_ remote add origin "$scratch/remote.git"
sed -i 's/id: secure-lint-docker/id: secure-lint-system\n        stages: [pre-push]/' .pre-commit-config.yaml
git_ add -A && git_ commit -qm "before the push" --no-verify
pre-commit install --hook-type pre-push >/dev/null
# The first push brings the root commit: everything counts, and the old fault is told.
if git_ push -q origin main >"$log" 2>&1; then echo "the first push went through"; cat "$log"; exit 1; fi
expect "privileged-container" "$log"
git_ push -q --no-verify origin main
echo "# after the push" >>main.tf
git_ add -A && git_ commit -qm "nothing new" --no-verify
git_ push -q origin main >"$log" 2>&1 || { cat "$log"; exit 1; }
