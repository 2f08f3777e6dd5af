#!/usr/bin/env bash
# Runs secure-lint once: text in the log, the other reports into files. Findings do not fail this step, the gate does.
set -euo pipefail

arguments=()
add_lines() {
  local line
  while IFS= read -r line || [[ -n "$line" ]]; do
    [[ -z "$line" ]] || arguments+=("$line")
  done <<<"$1"
}

# The first parent of the pull request's merge commit; else its base, if it is here; else nothing.
base_of_pull_request() {
  [[ "${GITHUB_EVENT_NAME:-}" == pull_request* ]] || return 0
  if git rev-parse --verify --quiet "HEAD^2" >/dev/null; then
    git rev-parse --verify --quiet "HEAD^1" || true
    return 0
  fi
  local base
  base="$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1])).get("pull_request", {}).get("base", {}).get("sha", ""))' "$GITHUB_EVENT_PATH" 2>/dev/null || true)"
  if [[ "$base" =~ ^[0-9a-f]{40}$ ]] && git cat-file -e "$base^{commit}" 2>/dev/null; then
    echo "$base"
  fi
}

since="${SINCE:-}"
if [[ "$since" == auto ]]; then
  since="$(base_of_pull_request)"
  if [[ -z "$since" && "${GITHUB_EVENT_NAME:-}" == pull_request* ]]; then
    echo "::notice title=secure-lint::the base is not in this clone, so all findings are reported; fetch-depth: 2 brings it"
  fi
fi

temporary="${RUNNER_TEMP:-/tmp}"
annotations="$temporary/secure-lint-annotations.txt"
json="$temporary/secure-lint.json"
arguments+=(check --fail-on "${FAIL_ON:-low}" --output "github=$annotations" --output "json=$json")
sarif=""
if [[ "${SARIF:-true}" == true ]]; then
  sarif="$temporary/secure-lint.sarif"
  arguments+=(--output "sarif=$sarif")
fi
if [[ "${SUMMARY:-true}" == true && -n "${GITHUB_STEP_SUMMARY:-}" ]]; then
  arguments+=(--output "markdown=$GITHUB_STEP_SUMMARY")
fi
[[ -z "$since" ]] || arguments+=("--since=$since")
add_lines "${ARGS:-}"
arguments+=(--)
add_lines "${PATHS:-.}"

code=0
"$BINARY" "${arguments[@]}" || code=$?
[[ ! -f "$annotations" ]] || cat "$annotations"

count() {
  python3 -c 'import json, sys; c = json.load(open(sys.argv[1]))["counts"]; print(c["new"] if sys.argv[2] == "new" else sum(c[s] for s in ("critical", "high", "medium", "low", "info")))' "$json" "$1" 2>/dev/null || echo 0
}

# Uploading needs a token that can write; a fork's and Dependabot's cannot.
upload=false
case "${UPLOAD:-auto}" in
  always) upload=true ;;
  auto)
    head="$(python3 -c 'import json, sys; print(((json.load(open(sys.argv[1])).get("pull_request") or {}).get("head") or {}).get("repo", {}).get("full_name", ""))' "${GITHUB_EVENT_PATH:-}" 2>/dev/null || true)"
    if [[ "${GITHUB_ACTOR:-}" == "dependabot[bot]" || ( -n "$head" && "$head" != "${GITHUB_REPOSITORY:-}" ) ]]; then
      echo "::notice title=secure-lint::not uploaded to code scanning: the token of this run can only read"
    else
      upload=true
    fi
    ;;
esac
[[ -n "$sarif" && -f "$sarif" ]] || upload=false

{
  echo "exit-code=$code"
  echo "sarif-file=$sarif"
  echo "findings=$(count all)"
  echo "new=$(count new)"
  echo "upload=$upload"
} >>"$GITHUB_OUTPUT"
