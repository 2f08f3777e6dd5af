#!/usr/bin/env bash
# The action's own scripts against a folder that stands in for the releases, an event file and a summary file.
set -euo pipefail
repository="$PWD"
scratch="$WORK/action"
rm -rf "$scratch" && mkdir -p "$scratch/action" "$scratch/temporary" "$scratch/releases/v9.9.9" "$scratch/project"
cp action/*.sh "$scratch/action/"
export GIT_CONFIG_GLOBAL=/dev/null RUNNER_TEMP="$scratch/temporary" RUNNER_TOOL_CACHE="$scratch/tools" \
  GITHUB_OUTPUT="$scratch/output" GITHUB_STEP_SUMMARY="$scratch/summary.md" GITHUB_ACTIONS=true
unset GITHUB_EVENT_NAME GITHUB_ACTOR BASE_SHA HEAD_SHA HEAD_REPOSITORY || true
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
# What action.yml hands on of the event.
export GITHUB_EVENT_NAME=pull_request GITHUB_REPOSITORY=o/r GITHUB_ACTOR=someone
export BASE_SHA=0123456789012345678901234567890123456789 HEAD_SHA HEAD_REPOSITORY=o/r
HEAD_SHA="$(git_ rev-parse topic)"
SINCE=auto run >"$scratch/log"
[[ "$(output exit-code)" == 0 && "$(output new)" == 0 && "$(output upload)" == true ]] || fail "the old fault counts as new"
gate

echo "run: a base that is not in the clone"
git_ checkout -q topic
SINCE=auto run >"$scratch/log"
grep -q "::notice.*fetch-depth" "$scratch/log" || fail "nothing was said about the missing base"
[[ "$(output exit-code)" == 1 ]] || fail "not everything was reported"

echo "run: the base of the event, where it is in the clone"
BASE_SHA="$(git_ rev-parse main^1)" SINCE=auto run >"$scratch/log"
[[ "$(output exit-code)" == 0 && "$(output new)" == 0 ]] || fail "the event's base was not taken"

echo "run: pull_request_target runs on the base, all of which is reported"
GITHUB_EVENT_NAME=pull_request_target SINCE=auto run >"$scratch/log"
[[ "$(output exit-code)" == 1 ]] || fail "not everything was reported"

echo "run: a fork's pull request, one of a fork that is gone, and Dependabot's are not uploaded"
for repository_of_head in fork/r ''; do
  HEAD_REPOSITORY="$repository_of_head" SINCE=auto run >"$scratch/log"
  [[ "$(output upload)" == false ]] || fail "a fork's token cannot upload"
  grep -q "::notice.*not uploaded" "$scratch/log" || fail "nothing was said about the upload"
done
GITHUB_ACTOR='dependabot[bot]' SINCE=auto run >"$scratch/log"
[[ "$(output upload)" == false ]] || fail "Dependabot's token cannot upload"
for wish in always:true never:false; do
  HEAD_REPOSITORY=fork/r UPLOAD="${wish%:*}" run >"$scratch/log"
  [[ "$(output upload)" == "${wish#*:}" ]] || fail "upload: ${wish%:*} was not heeded"
done

echo "run: neither Python nor anything else is asked for"
mkdir "$scratch/few" && for program in bash git sed cat; do ln -s "$(command -v "$program")" "$scratch/few/"; done
PATH="$scratch/few" SINCE='' run >"$scratch/log"
[[ "$(output exit-code)" == 1 && "$(output findings)" -ge 1 ]] || fail "the findings were not counted"

echo "run: arguments are words, not shell"
ARGS='--fail-on=never
--ignore=*' SINCE='' run >"$scratch/log"
[[ "$(output exit-code)" == 0 ]] || fail "the arguments did not arrive"
PATHS='$(touch injected)' "$scratch/action/run.sh" >/dev/null 2>&1 || true
[[ ! -e injected ]] || fail "a path was run as a command"
cd "$repository"

echo "the commit after a release"
mkdir -p "$scratch/release/action" "$scratch/release/scripts"
cp scripts/pin-release "$scratch/release/scripts/"
cp action/checksums.txt "$scratch/release/action/"
cp action.yml .pre-commit-hooks.yaml "$scratch/release/"
digest="sha256:$(printf 'a%.0s' {1..64})"
printf '%s  secure-lint-%s.tar.gz\n%s  secure-lint.cdx.json\n' "$sum" "$target" "$sum" >"$scratch/release/SHA256SUMS"
pin() { "$scratch/release/scripts/pin-release" "$1" "$scratch/release/SHA256SUMS" "$2"; }
pin v1.2.3 "$digest"
grep -qx "1.2.3 $target $sum" "$scratch/release/action/checksums.txt" || fail "the sum is not in the table"
[[ "$(grep -c '^1\.2\.3 ' "$scratch/release/action/checksums.txt")" == 1 ]] || fail "more than the archive is in the table"
grep -q 'PINNED_VERSION: "1.2.3"' "$scratch/release/action.yml" || fail "the action takes another version"
grep -q "ghcr.io/secure-lint/secure-lint:1.2.3@$digest check" "$scratch/release/.pre-commit-hooks.yaml" || fail "the hook takes another image"
if pin v1.2.3 "$digest" >/dev/null; then fail "a release was changed"; fi
if pin v1.2.4 latest >/dev/null; then fail "something else was taken for a digest"; fi
pin v1.3.0 "$digest"
grep -q "ghcr.io/secure-lint/secure-lint:1.3.0@$digest check" "$scratch/release/.pre-commit-hooks.yaml" || fail "the next release is not taken"

echo "the image of a release, as its script asks for it"
mkdir -p "$scratch/image/scripts" "$scratch/image/dist" "$scratch/image/programs"
cp scripts/image.sh "$scratch/image/scripts/"
for built in x86_64-unknown-linux-musl aarch64-unknown-linux-musl; do
  cp "$scratch/releases/v9.9.9/secure-lint-$target.tar.gz" "$scratch/image/dist/secure-lint-$built.tar.gz"
done
cat >"$scratch/image/programs/docker" <<'DOCKER'
#!/usr/bin/env bash
printf '%s\n' "$*" >>"$CALLS"
case "$*" in
  *" inspect "*) echo "{\"digest\": \"sha256:$(printf 'b%.0s' {1..64})\"}" ;;
  "build "*) [[ -x "image/$(sed -E 's/.*TARGETARCH=([a-z0-9]+).*/\1/' <<<"$*")/secure-lint" ]] ;;
esac
DOCKER
chmod +x "$scratch/image/programs/docker"
CALLS="$scratch/image/calls" PATH="$scratch/image/programs:$PATH" "$scratch/image/scripts/image.sh" ghcr.io/o/r v9.9.9
[[ "$(output digest)" == "sha256:$(printf 'b%.0s' {1..64})" ]] || fail "the digest was not told"
grep -q -- "imagetools create --tag ghcr.io/o/r:9.9.9 ghcr.io/o/r:9.9.9-amd64 ghcr.io/o/r:9.9.9-arm64" "$scratch/image/calls" || fail "no name for both"
[[ "$(grep -c '^push ' "$scratch/image/calls")" == 2 ]] || fail "both architectures are pushed"

echo "the list of parts"
scripts/sbom >"$scratch/secure-lint.cdx.json"
python3 - "$scratch/secure-lint.cdx.json" <<'PYTHON'
import json, sys
parts = json.load(open(sys.argv[1]))
names = {it["name"] for it in parts["components"]}
assert {"clap", "serde_json", "toml"} <= names and not names & {"serde-sarif", "parse-dockerfile"}, names
assert all(len(it["hashes"][0]["content"]) == 64 and it["licenses"] for it in parts["components"])
refs = {it["bom-ref"] for it in parts["components"]} | {parts["metadata"]["component"]["bom-ref"]}
assert refs == {it["ref"] for it in parts["dependencies"]}
assert all(set(it["dependsOn"]) <= refs for it in parts["dependencies"])
PYTHON
