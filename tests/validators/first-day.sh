#!/usr/bin/env bash
# The first day of somebody who knows none of it, as a transcript: look at an example, set up a repository, commit, be
# refused, understand, mend, commit. `UPDATE=1` writes the transcript anew.
set -uo pipefail
expected="$PWD/tests/validators/first-day.txt"
example="$PWD/testdata/terraform/systems/4-described"
# Outside of this repository: its files are not those of the day.
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/project"
export PATH="$(dirname "$BINARY"):$VENV/bin:$PATH" PRE_COMMIT_HOME="$folder/home" GIT_CONFIG_GLOBAL=/dev/null COLUMNS=100 NO_COLOR=1
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com
cp -r "$example" "$folder/example"
repository="$PWD"
# The README's first command builds the program; CI does that, without optimisation. On a desk `cargo build` has done it.
if [[ "${CI:-}" == true ]]; then
  export CARGO_TARGET_DIR="$WORK/first-day" CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0
  export CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 CARGO_PROFILE_RELEASE_STRIP=none CARGO_TERM_QUIET=true
else
  mkdir "$folder/programs"
  printf '#!/usr/bin/env bash\n[[ "$1 $2 $3 $4" == "run --locked --release --" ]] && shift 4 && exec "%s" "$@"\n' "$BINARY" >"$folder/programs/cargo"
  chmod +x "$folder/programs/cargo"
  PATH="$folder/programs:$PATH"
fi

# Prints a command as it is typed, and what it says; what differs from day to day is made equal.
say() {
  printf '$ %s\n' "$1"
  bash -c "$1" 2>&1 | sed -E 's/ in [0-9]+ ms$/ in N ms/; s/ \([0-9]+ rules\)/ (N rules)/; s/^\[main (\(root-commit\) )?[0-9a-f]+\]/[main]/'
  local code="${PIPESTATUS[0]}"
  [[ $code == 0 ]] || printf '[exit code %s]\n' "$code"
  echo
}

{
  cd "$repository"
  say "$(sed -nE 's/^\$ (cargo run [^#]*[^ #]) *(#.*)?$/\1/p' README.md) 2>/dev/null | head -n 16"
  cd "$folder"
  say 'secure-lint example --select admin-port-open-to-the-world'
  cd project
  git init -q -b main .
  say 'secure-lint init --hook --workflow'
  say 'pre-commit install'
  cat >main.tf <<'TF'
resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}
TF
  say 'secure-lint .'
  say 'git add -A && git commit -m "Begin"'
  cat >task.tf <<'TF'
resource "aws_ecs_task_definition" "agent" {
  family                   = "agent"
  requires_compatibilities = ["EC2"]

  container_definitions = jsonencode([{
    name             = "agent"
    image            = "registry.example.com/agent@sha256:0000000000000000000000000000000000000000000000000000000000000000"
    logConfiguration = { logDriver = "awslogs", options = { awslogs-group = "agent", awslogs-region = "eu-west-1" } }
    privileged       = true
  }])
}
TF
  say 'git add -A && git commit -m "Add an agent"'
  say 'secure-lint explain privileged-container | head -n 12'
  sed -i '/privileged/d' task.tf
  say 'git add -A && git commit -m "Add an agent"'
} >"$folder/transcript" </dev/null

if [[ "${UPDATE:-}" == 1 ]]; then
  cp "$folder/transcript" "$expected"
else
  diff -u "$expected" "$folder/transcript"
fi
