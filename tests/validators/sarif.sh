#!/usr/bin/env bash
# Our SARIF before readers that are not ours: the schema, Microsoft's multitool, sarif-tools.
set -euo pipefail
tools="$NODE_MODULES/@microsoft/sarif-multitool-linux"
chmod u+x "$tools/Sarif.Multitool"
failed=0
for world in testdata/worlds/*/; do
  name="$(basename "$world")"
  for profile in github full; do
    file="$WORK/$name-$profile.sarif"
    "$BINARY" check "$world" --root "$world" --format sarif --sarif-profile "$profile" --fail-on never -q >"$file"
    "$VENV/bin/check-jsonschema" --quiet --schemafile "$tools/sarif-2.1.0.json" "$file" || failed=1
  done
  file="$WORK/$name-github.sarif"
  "$BINARY" check "$world" --root "$world" --format json --fail-on never -q >"$WORK/$name.json"
  DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 "$tools/Sarif.Multitool" validate "$file" \
    --rule-kind "Sarif;Ghas" --level "Error;Warning;Note" --kind Fail -o "$WORK/validated.sarif" --log ForceOverwrite >/dev/null
  "$VENV/bin/sarif" summary "$file" >"$WORK/summary.txt"
  python3 tests/validators/sarif.py "$name" "$WORK/validated.sarif" "$file" "$WORK/$name.json" "$WORK/summary.txt" || failed=1
done
exit "$failed"
