#!/usr/bin/env bash
# Files that others read, against their schemas; what we read and write, against ours.
set -euo pipefail
check="$VENV/bin/check-jsonschema --quiet"
$check --builtin-schema vendor.github-actions action.yml
$check --builtin-schema vendor.github-workflows .github/workflows/*.yml
$check --builtin-schema vendor.dependabot .github/dependabot.yml
"$VENV/bin/pre-commit" validate-manifest .pre-commit-hooks.yaml

$check --check-metaschema schemas/*.json
scripts/sbom >"$WORK/secure-lint.cdx.json"
"$VENV/bin/python" - "$WORK/secure-lint.cdx.json" <<'PYTHON'
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(sys.argv[1]).read())
sys.exit(f"the list of parts: {error}" if error else 0)
PYTHON
$check --schemafile schemas/config.json secure-lint.toml testdata/config/full.toml
rows=0
out="$WORK/schemas"
rm -rf "$out" && mkdir -p "$out"
for world in testdata/worlds/*/; do
  name=$(basename "$world")
  "$BINARY" check "$world" --root "$world" -qq --fail-on never --profile strict \
    --output "json=$out/$name.json" --output "ndjson=$out/$name.ndjson"
  "$BINARY" baseline "$world" --root "$world" -o "$out/$name.baseline.json" >/dev/null
  while IFS= read -r row; do
    printf '%s\n' "$row" >"$out/$name.$((++rows)).row.json"
  done <"$out/$name.ndjson"
done
echo "$rows rows of NDJSON"
find "$out" -name '*.baseline.json' -exec $check --schemafile schemas/baseline-1.json {} +
find "$out" -name '*.row.json' -exec $check --schemafile schemas/finding-1.json {} +
find "$out" -name '*.json' ! -name '*.baseline.json' ! -name '*.row.json' -exec $check --schemafile schemas/report-1.json {} +
