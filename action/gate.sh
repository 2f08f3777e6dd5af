#!/usr/bin/env bash
# The verdict of the run, last, after the upload.
set -euo pipefail
[[ "${EXIT_CODE:-}" =~ ^[0-9]+$ ]] || { echo "::error title=secure-lint::it did not run"; exit 2; }
exit "$EXIT_CODE"
