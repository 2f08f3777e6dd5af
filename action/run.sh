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
  local second
  second="$(git rev-parse --verify --quiet "HEAD^2" || true)"
  if [[ -n "$second" && "$second" == "${HEAD_SHA:-}" ]]; then
    git rev-parse --verify --quiet "HEAD^1" || true
  elif [[ "${BASE_SHA:-}" =~ ^[0-9a-f]{40}$ ]] && git cat-file -e "$BASE_SHA^{commit}" 2>/dev/null; then
    echo "$BASE_SHA"
  fi
}

since="${SINCE:-}"
if [[ "$since" == auto ]]; then
  since=""
  [[ "${GITHUB_EVENT_NAME:-}" != pull_request ]] || since="$(base_of_pull_request)"
  if [[ -z "$since" && "${GITHUB_EVENT_NAME:-}" == pull_request ]]; then
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

# A number of the report's `counts`.
count() {
  local number=""
  [[ ! -f "$json" ]] || number="$(sed -n '/^  "counts": {$/,/^  }/p' "$json" | sed -nE "s/^ *\"$1\": ([0-9]+),?\$/\1/p")"
  echo "${number:-0}"
}
findings=0
for severity in critical high medium low info; do
  findings=$((findings + $(count "$severity")))
done

# Uploading needs a token that can write; a fork's and Dependabot's cannot.
upload=false
case "${UPLOAD:-auto}" in
  always) upload=true ;;
  auto)
    # A fork that is gone has no name.
    if [[ "${GITHUB_ACTOR:-}" == "dependabot[bot]" || ( -n "${HEAD_SHA:-}" && "${HEAD_REPOSITORY:-}" != "${GITHUB_REPOSITORY:-}" ) ]]; then
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
  echo "findings=$findings"
  echo "new=$(count new)"
  echo "upload=$upload"
} >>"$GITHUB_OUTPUT"
