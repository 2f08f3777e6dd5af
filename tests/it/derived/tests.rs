//! The derived tests must be able to fail: a linter that takes unknown for a value, and one that matches text, are
//! both found out.

use std::collections::BTreeMap;
use std::sync::Arc;

use secure_lint::finding::{AddressedPlace, Finding, Report, Run, Severity, State, Subject, Undecided};
use secure_lint::rule::example::Linter;
use secure_lint::rule::{RuleError, RuleFile, RuleSource};
use secure_lint::source::{FileId, Place, Span, World};
use secure_lint::syntax::hcl;

use super::rewrite::rewritings;
use super::terraform::Files;
use super::{Amount, derived_failures};

const RULE: &str = r#"---
severity: low
each: thing
---
# It is open

```hcl require
!thing.open
```

## Bad
```tf main.tf
resource "thing" "a" {
  open = true
}

resource "other" "b" {
  thing = thing.a.id
  block {
    size = 1
  }
}
```

## Good
```tf main.tf
resource "thing" "a" {
  open = false
}
```
"#;

fn rule() -> Arc<RuleFile> {
    let rule = RuleFile::read(RuleSource::new("rules", "network/open-thing.md", RULE.to_owned()));
    Arc::new(rule.expect("the rule is right"))
}

/// Looks for words in the text; `is_wary` makes it undecided where a word it does not know stands.
struct TextMatcher {
    is_wary: bool,
}

impl Linter for TextMatcher {
    fn lint<'w>(&self, world: &'w World, rule: &Arc<RuleFile>) -> Result<Report<'w>, Vec<RuleError>> {
        let mut report = Report {
            world,
            findings: Vec::new(),
            suppressed: Vec::new(),
            absorbed: Vec::new(),
            fixed: Vec::new(),
            undecided: Vec::new(),
            problems: Vec::new(),
            secrets: Vec::new(),
            rules: Vec::new(),
            run: Run::default(),
        };
        for (id, file) in world.files() {
            let text = file.text().unwrap_or("");
            for (at, line) in text.match_indices("open = ") {
                let value = text[at + line.len()..].lines().next().unwrap_or("");
                let span = Span::new(id, at, at + line.len() + value.len());
                match value {
                    "true" if !text.contains("secure-lint: allow") => report.findings.push(finding(rule, span)),
                    "true" | "false" => {}
                    _ if self.is_wary => report.undecided.push(undecided(rule)),
                    _ => {}
                }
            }
        }
        Ok(report)
    }

    fn print(&self, report: &Report<'_>) -> String {
        format!("{} findings", report.findings.len())
    }
}

fn finding(rule: &RuleFile, span: Span) -> Finding {
    Finding {
        rule: Arc::clone(&rule.meta),
        severity: Severity::Low,
        confidence: rule.meta.confidence,
        title: "open".to_owned(),
        primary: AddressedPlace { place: Place::new(span, ""), address: "#thing.a.open".to_owned() },
        subjects: Vec::new(),
        paths: Vec::new(),
        variants: Vec::new(),
        assumptions: Vec::new(),
        missing: Vec::new(),
        fingerprint: String::new(),
        state: State::New,
        fix: None,
        suppression: None,
    }
}

fn undecided(rule: &RuleFile) -> Undecided {
    let subject = Subject { address: "#thing.a".to_owned(), name: "thing.a".to_owned() };
    Undecided { rule: rule.id().to_owned(), subject, place: None, reasons: Vec::new(), variants: Vec::new() }
}

#[test]
fn a_linter_that_guesses_is_found_out() {
    let failures = derived_failures(&rule(), &TextMatcher { is_wary: false }, Amount::All);
    let hidden: Vec<&String> = failures.iter().filter(|failure| failure.contains("hide (true")).collect();
    assert_eq!(hidden.len(), 1, "{failures:#?}");
    assert!(hidden[0].contains("was 1 findings at open = true, is good"), "{hidden:?}");
}

#[test]
fn a_linter_that_matches_text_is_found_out() {
    let failures = derived_failures(&rule(), &TextMatcher { is_wary: true }, Amount::All);
    let ways = ["variable", "tfvars", "local", "conditional", "lookup", "merge", "json"];
    for way in ways {
        assert!(failures.iter().any(|failure| failure.contains(&format!(": {way} ("))), "{way} is missing");
    }
    for way in ["hide", "rename", "reorder", "split", "count", "for_each", "dynamic", "comment", "allow"] {
        assert!(!failures.iter().any(|failure| failure.contains(&format!(": {way} ("))), "{way}: {failures:#?}");
    }
}

/// Every way of writing is one that Terraform could read.
#[test]
fn what_is_rewritten_can_be_read() {
    let text = r#"
# the network
resource "aws_subnet" "a" {
  vpc_id            = aws_vpc.main.id
  tags              = { Name = "a-${var.name}", "x y" = data.aws_region.now.name }
  map_public_ip     = !local.closed
  depends_on        = [aws_vpc.main]
  ingress { port = -1 }
}
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16" # all of it
}
resource "aws_iam_policy" "read" {
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:Get*", Resource = [aws_vpc.main.arn, "$${aws:username}"] }]
  })
}
resource "aws_iam_policy" "plain" {
  policy = jsonencode({ Statement = [{ Principal = "*", Port = 1 }] })
}
data "aws_region" "now" {}
locals { closed = true }
variable "name" {
  type    = string
  default = "x"
}
output "id" { value = aws_subnet.a.id }
"#;
    let files: Files = BTreeMap::from([("main.tf".to_owned(), text.to_owned())]);
    let variants = rewritings(&files, secure_lint::rule::Reads::default());
    let ways: Vec<&str> = variants.iter().map(|variant| variant.way).collect();
    assert_eq!(
        ways,
        [
            "comment",
            "variable",
            "tfvars",
            "local",
            "conditional",
            "lookup",
            "merge",
            "module",
            "module in a module",
            "rename",
            "count",
            "for_each",
            "dynamic",
            "split",
            "json",
            "override",
            "heredoc",
            "file",
            "template file",
            "statements",
            "reorder"
        ]
    );
    for variant in &variants {
        for (path, text) in &variant.files {
            if path.ends_with(".json") {
                let parsed: Result<serde_json::Value, _> = serde_json::from_str(text);
                assert!(parsed.is_ok(), "{}: {path}\n{text}", variant.way);
            } else if !path.ends_with(".tftpl") {
                let parsed = hcl::parse(FileId(0), text);
                assert!(!parsed.is_broken, "{}: {path}\n{text}\n{:?}", variant.way, parsed.faults);
            }
        }
    }
    let text_of = |way: &str, path: &str| {
        let variant = variants.iter().find(|variant| variant.way == way).expect("the way is there");
        variant.files.get(path).cloned().unwrap_or_default()
    };
    assert!(text_of("count", "main.tf").contains("vpc_id            = aws_vpc.main[0].id"));
    assert!(text_of("count", "main.tf").contains("depends_on        = [aws_vpc.main]"));
    assert!(text_of("rename", "renamed_main.tf").contains("depends_on        = [aws_vpc.main_renamed]"));
    assert!(text_of("rename", "renamed_main.tf").contains("data.aws_region.now_renamed.name"));
    assert!(text_of("variable", "main.tf").contains("Name = \"a-${var.name}\""));
    assert!(text_of("tfvars", "terraform.tfvars").contains("= \"10.0.0.0/16\""));
    assert!(text_of("json", "main.tf.json").contains("\"map_public_ip\": \"${!local.closed}\""));
    assert!(text_of("json", "main.tf.json").contains("\"type\": \"string\""));
    assert!(text_of("override", "main_override.tf").contains("resource \"aws_vpc\" \"main\" {\n  cidr_block = "));
    assert!(!text_of("override", "main.tf").contains("cidr_block"));
    assert!(text_of("heredoc", "main.tf").contains("[\"${aws_vpc.main.arn}\", \"$${aws:username}\"]"));
    assert!(text_of("template file", "main.tf").contains("moved_1.tftpl\", { value_1 = aws_vpc.main.arn })"));
    assert!(text_of("template file", "moved_1.tftpl").contains("[\"${value_1}\", \"$${aws:username}\"]"));
    assert!(text_of("file", "moved_2.json").contains("{ \"Principal\": \"*\", \"Port\": 1 }"));
    assert!(text_of("statements", "main.tf").contains("actions = [\"s3:Get*\"]"));
    assert!(text_of("statements", "main.tf").contains("policy = jsonencode({ Statement = [{ Principal"));
    assert!(text_of("module in a module", "outer_module/main.tf").contains("\"../moved_module\""));
}
