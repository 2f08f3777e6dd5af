"""Judges what the multitool says of one SARIF file, and that a second reader counts what we count."""

import json
import re
import sys

# Notes that do not apply: messages with text, no version control, an unreachable schema, ids that are words, no snippets
# and no context regions in the profile for GitHub.
ALLOWED = {"SARIF2002", "SARIF2003", "SARIF2006", "SARIF2009", "SARIF2010", "SARIF2011"}

name, validated, ours, report, summary = sys.argv[1:]
failed = False
with open(validated, encoding="utf-8-sig") as file:
    for result in json.load(file)["runs"][0].get("results", []):
        rule = result["ruleId"].split("/")[0]
        if rule not in ALLOWED:
            failed = True
            print(f"{name}: {result['ruleId']}: {json.dumps(result['message'])[:300]}")
with open(ours, encoding="utf-8") as file:
    results = json.load(file)["runs"][0]["results"]
with open(report, encoding="utf-8") as file:
    findings = json.load(file)["findings"]
lines = {(it["rule"], it["place"]["file"], it["place"]["line"]) for it in findings}
if len(results) != len(lines):
    failed = True
    print(f"{name}: {len(results)} results for findings on {len(lines)} lines")
with open(summary, encoding="utf-8") as file:
    counted = sum(int(n) for n in re.findall(r"^(?:error|warning|note): (\d+)", file.read(), re.MULTILINE))
if counted != len(results):
    failed = True
    print(f"{name}: sarif-tools counts {counted}, we write {len(results)}")
sys.exit(failed)
