#!/usr/bin/env bash
# Files that others read, against their schemas.
set -euo pipefail
check="$VENV/bin/check-jsonschema --quiet"
$check --builtin-schema vendor.github-actions action.yml
$check --builtin-schema vendor.github-workflows .github/workflows/*.yml
$check --builtin-schema vendor.dependabot .github/dependabot.yml
"$VENV/bin/pre-commit" validate-manifest .pre-commit-hooks.yaml
