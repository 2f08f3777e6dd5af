#!/usr/bin/env bash
# The action's own scripts against a folder that stands in for the releases, an event file and a summary file.
set -euo pipefail
repository="$PWD"
scratch="$WORK/action"
rm -rf "$scratch" && mkdir -p "$scratch/action" "$scratch/temporary" "$scratch/releases/v9.9.9" "$scratch/project"
cp action/*.sh "$scratch/action/"
export GIT_CONFIG_GLOBAL=/dev/null RUNNER_TEMP="$scratch/temporary" RUNNER_TOOL_CACHE="$scratch/tools" \
  GITHUB_OUTPUT="$scratch/output" GITHUB_STEP_SUMMARY="$scratch/summary.md" GITHUB_ACTIONS=true
unset GITHUB_EVENT_NAME GITHUB_EVENT_PATH GITHUB_ACTOR || true
git_() { git -c user.name=a -c user.email=a@example.com -c commit.gpgsign=false "$@"; }
fail() { echo "$1"; exit 1; }
output() { grep "^$1=" "$GITHUB_OUTPUT" | tail -1 | cut -d= -f2-; }

for script in action/*.sh scripts/*.sh; do bash -n "$script"; done
if grep -n '\${{' action/*.sh; then fail "an input is interpolated into a script"; fi

echo "install: what the table holds"
case "$(uname -m)" in x86_64) target=x86_64-unknown-linux-musl ;; *) target=aarch64-unknown-linux-musl ;; esac
mkdir "$scratch/stage" && cp "$BINARY" "$scratch/stage/secure-lint"
tar -C "$scratch/stage" -czf "$scratch/releases/v9.9.9/secure-lint-$target.tar.gz" .
sum="$(sha256sum "$scratch/releases/v9.9.9/secure-lint-$target.tar.gz" | cut -d' ' -f1)"
install() { RELEASES="file://$scratch/releases" PINNED_VERSION=9.9.9 WANTED_VERSION="${1:-}" "$scratch/action/install.sh"; }
echo "9.9.9 $target $sum" >"$scratch/action/checksums.txt"
install >/dev/null
installed="$(output binary)"
"$installed" --version >/dev/null

echo "install: a wrong sum, an unknown version, a range"
echo "9.9.9 $target $(printf '0%.0s' {1..64})" >"$scratch/action/checksums.txt"
rm -rf "$RUNNER_TOOL_CACHE"
if install >"$scratch/log"; then fail "a wrong sum was taken"; fi
grep -q "checksum does not match" "$scratch/log"
[[ ! -e "$RUNNER_TOOL_CACHE/secure-lint/9.9.9/$target/secure-lint" ]] || fail "bytes with a wrong sum were unpacked"
for version in 9.9.8 latest '^9' '9.9.9; id'; do
  if install "$version" >"$scratch/log"; then fail "version $version was taken"; fi
done

run() { BINARY="$BINARY" PATHS=. "$scratch/action/run.sh"; }
gate() { EXIT_CODE="$(output exit-code)" "$scratch/action/gate.sh"; }
cd "$scratch/project" && git_ init -q -b main .
echo '{"family": "app", "containerDefinitions": [{"name": "agent", "privileged": true, "image": "registry.example.com/agent:1"}]}' >task.json
git_ add -A && git_ commit -qm old

echo "run: everything, and the gate fails"
run >"$scratch/log"
[[ "$(output exit-code)" == 1 && "$(output findings)" -ge 1 ]] || fail "the finding was not counted"
grep -q "^::error file=task.json,line=1" "$scratch/log" || fail "no annotation"
grep -q "privileged" "$GITHUB_STEP_SUMMARY" || fail "no summary"
python3 -m json.tool "$(output sarif-file)" >/dev/null
if gate; then fail "the gate let it pass"; fi

echo "run: a pull request's merge commit is compared with its first parent"
git_ checkout -q -b topic && echo '# docs' >main.tf && git_ add -A && git_ commit -qm topic
git_ checkout -q main && git_ merge -q --no-ff -m merge topic
echo '{"pull_request": {"base": {"sha": "x"}, "head": {"repo": {"full_name": "o/r"}}}}' >"$scratch/event.json"
export GITHUB_EVENT_NAME=pull_request GITHUB_EVENT_PATH="$scratch/event.json" GITHUB_REPOSITORY=o/r GITHUB_ACTOR=someone
SINCE=auto run >"$scratch/log"
[[ "$(output exit-code)" == 0 && "$(output new)" == 0 && "$(output upload)" == true ]] || fail "the old fault counts as new"
gate

echo "run: a base that is not in the clone"
git_ checkout -q topic
SINCE=auto run >"$scratch/log"
grep -q "::notice.*fetch-depth" "$scratch/log" || fail "nothing was said about the missing base"
[[ "$(output exit-code)" == 1 ]] || fail "not everything was reported"

echo "run: a fork's pull request is not uploaded"
echo '{"pull_request": {"base": {"sha": "x"}, "head": {"repo": {"full_name": "fork/r"}}}}' >"$scratch/event.json"
SINCE=auto run >"$scratch/log"
[[ "$(output upload)" == false ]] || fail "a fork's token cannot upload"
grep -q "::notice.*not uploaded" "$scratch/log" || fail "nothing was said about the upload"

echo "run: arguments are words, not shell"
ARGS='--fail-on=never
--ignore=*' SINCE='' run >"$scratch/log"
[[ "$(output exit-code)" == 0 ]] || fail "the arguments did not arrive"
PATHS='$(touch injected)' "$scratch/action/run.sh" >/dev/null 2>&1 || true
[[ ! -e injected ]] || fail "a path was run as a command"
cd "$repository"
