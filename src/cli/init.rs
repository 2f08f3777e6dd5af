//! `init`: a configuration file, and on request a hook and a workflow. It overwrites nothing.

use std::path::Path;

use super::arguments::InitArguments;
use super::failure::Failure;
use super::output::{Mode, put};
use super::session::CONFIG_FILE;
use super::terminal::Streams;

const CONFIG: &str = "\
# What secure-lint finds here and what it makes of it. Everything below is the default.
profile = \"default\"             # default | strict | audit
fail-on = \"low\"                 # critical | high | medium | low | info | never

# [[allow]]                     # accepts findings in files without comments, or in many places
# rule = \"movable-image-tag\"
# file = \"examples/**\"
# reason = \"examples are never deployed\"
# until = 2026-12-31
";

const HOOK: &str = "\
repos:
  - repo: local
    hooks:
      - id: secure-lint
        name: secure-lint
        entry: secure-lint check --since auto
        language: system
        pass_filenames: false
        require_serial: true
        files: '(?i)(\\.(tf|tofu|tfvars|tfbackend|tftpl|tpl|json|sh)$|(^|/)([^/]*\\.)?dockerfile[^/]*$|(^|/)containerfile[^/]*$|(^|/)\\.dockerignore$|^\\.github/|(^|/)action\\.ya?ml$|(^|/)(docker-)?compose[^/]*\\.ya?ml$|(^|/)secure-lint\\.toml$|^\\.secure-lint/)'
";

const WORKFLOW: &str = "\
name: secure-lint

on:
  pull_request:
  push:
    branches: [main]

permissions: {}

jobs:
  scan:
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          fetch-depth: 2
          persist-credentials: false
      - name: Lint, on a pull request what it adds
        run: pipx run secure-lint==VERSION check --format github ${SINCE:+--since \"$SINCE\"}
        env:
          SINCE: ${{ github.event_name == 'pull_request' && 'HEAD^1' || '' }}
";

pub(crate) fn run(arguments: &InitArguments, streams: Streams) -> Result<u8, Failure> {
    let workflow = WORKFLOW.replace("VERSION", env!("CARGO_PKG_VERSION"));
    let mut files = vec![(CONFIG_FILE, CONFIG)];
    if arguments.hook {
        files.push((".pre-commit-config.yaml", HOOK));
    }
    if arguments.workflow {
        files.push((".github/workflows/secure-lint.yml", &workflow));
    }
    let mut is_in_the_way = false;
    let mut missing = Vec::new();
    for (name, text) in files {
        let path = arguments.dir.join(name);
        match std::fs::read_to_string(&path) {
            Ok(there) if there == text => streams.out(&format!("{name} is there already\n")),
            Ok(_) => {
                is_in_the_way = true;
                streams.note(&format!("error: {name} is there already and says something else"));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => missing.push((name, path, text)),
            Err(error) => return Err(Failure::io("read", &path, &error)),
        }
    }
    if is_in_the_way {
        return Ok(2);
    }
    for (name, path, text) in missing {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(|error| Failure::io("make", folder, &error))?;
        put(&path, text, Mode::Replace).map_err(|error| Failure::io("write", &path, &error))?;
        streams.out(&format!("wrote {name}\n"));
    }
    Ok(0)
}
