//! Whole rule files, good and broken.

use super::{Each, RuleFile, RuleSource};
use crate::finding::{Param, Profile};
use crate::rule::example::{ExampleKind, examples};

const GOOD: &str = r##"---
severity: high
each: resource("aws_a", "data.aws_b")   # two types
tags: [CWE-668, "FSBP:ECS.2"]
covers: [CKV_AWS_333, zizmor:unpinned-uses narrower]
profile: strict
params: {days: 365, on: true, words: [a, 'b, c'], id: "7"}
message: "${service} runs in ${s}: open"
fix: {set: 'attr("a.b") = false', safety: unsafe}
reads: [names]
---

# It stands open

What can go wrong.
How to fix it.

```hcl require
attr("a.b", true)
```

## Bad: one
```tf main.tf
resource "aws_a" "x" {
  b = "é1"
#      ^^ here
}
```
```output
old words
```

## Good
```json a/b.json
{}
```

## Never unknown: it is one word
"##;

fn read(text: &str) -> Result<RuleFile, String> {
    let source = RuleSource::new("rules", "network/open-thing.md", text.to_owned());
    RuleFile::read(source).map_err(|errors| {
        let printed: Vec<String> = errors.iter().map(ToString::to_string).collect();
        printed.join("\n")
    })
}

#[test]
fn reads_everything_a_file_says() {
    let rule = read(GOOD).expect("the file is right");
    assert_eq!(rule.each, Each::Resource(vec!["aws_a".into(), "data.aws_b".into()]));
    assert_eq!((rule.id(), &*rule.meta.area), ("open-thing", "network"));
    assert_eq!(rule.meta.title, "It stands open");
    assert_eq!(rule.meta.page.summary(), "What can go wrong.\nHow to fix it.");
    assert_eq!(rule.meta.profile, Profile::Strict);
    assert_eq!(rule.condition.as_ref().map(|condition| condition.text.trim()), Some("attr(\"a.b\", true)"));
    assert_eq!(rule.meta.params["days"], Param::Number(365.0));
    assert_eq!(rule.meta.params["words"], Param::Texts(vec!["a".into(), "b, c".into()]));
    assert_eq!(rule.meta.params["id"], Param::Text("7".into()));
    assert!(rule.reads.names && !rule.reads.layout);
    let page = rule.meta.page.markdown();
    assert!(page.starts_with("# It stands open\n") && !page.contains("here\n"));
    assert!(page.contains("  b = \"é1\"\n}\n"));

    let found = examples(&rule).expect("the examples are right");
    let kinds: Vec<ExampleKind> = found.examples.iter().map(|example| example.kind).collect();
    assert_eq!(kinds, [ExampleKind::Bad, ExampleKind::Good]);
    assert_eq!(found.never_unknown.as_deref(), Some("it is one word"));
    let file = &found.examples[0].files[0];
    assert_eq!(file.text, "resource \"aws_a\" \"x\" {\n  b = \"é1\"\n}\n");
    assert_eq!(&file.text[file.markers[0].range.clone()], "é1");
    assert_eq!(file.lines, [24, 25, 27]);
    assert!(found.examples[0].output.is_some());
}

#[test]
fn an_unknown_key_is_an_error_with_a_suggestion() {
    let text = "---\nseverty: high\neach: x\n---\n# T\n```hcl require\nx.y\n```\n";
    let expected = "unknown key `severty`\n --> rules/network/open-thing.md:2:1\n  |\n2 | severty: high\n  | ^^^^^^^ did you mean `severity`?";
    assert_eq!(read(text).err().as_deref(), Some(expected));
}

#[test]
fn says_everything_that_is_wrong_at_once() {
    let check = |front: &str, rest: &str, expected: &[&str]| {
        let printed = read(&format!("---\n{front}---\n{rest}")).expect_err("the file is wrong");
        for words in expected {
            assert!(printed.contains(words), "{words} is missing in\n{printed}");
        }
    };
    let page = "# T\n```hcl require\nx.y\n```\n";
    check("severity: hgh\neach: X\ntags: a\n", page, &["did you mean `high`?", "name of an entity", "expected a list"]);
    check("each: x\n", page, &["`severity` is missing"]);
    check("severity: low\neach: x\n", "# T\n", &["the condition is missing"]);
    check("severity: low\neach: suppression\n", page, &["have no condition"]);
    check("severity: low\neach: x\n", "text\n", &["begins with its heading"]);
    check("severity: low\neach: x\ntags:\n  - a\n", page, &["`tags` needs a value", "one `key: value` a line"]);
    check("severity: low\neach: x\nseverity: low\n", page, &["stands here twice"]);
    check("severity: low\neach: x\ntags: [a\n", page, &["expected `,` or `]`"]);
    check("severity: low\neach: x\nmessage: \"a\n", page, &["closing quote"]);
    check("severity: low\neach: x\nmessage: a: b\n", page, &["put it in quotes"]);
    check("severity: low\neach: x\ncovers: [zizmr:a]\n", page, &["`zizmr` is no tool we know", "`zizmor`?"]);
    check("severity: low\neach: x\nfix: {set: a = b}\n", page, &["`safety` is missing"]);
    check(&format!("severity: low\neach: x\ntags: {}\n", "[".repeat(100_000)), page, &["nested too deeply"]);
    assert!(read("").is_err_and(|printed| printed.contains("begins with front matter")));
}

#[test]
fn an_example_that_would_not_run_is_an_error() {
    let check = |page: &str, expected: &str| {
        let text = format!("---\nseverity: low\neach: x\n---\n# T\n```hcl require\nx.y\n```\n{page}");
        let rule = read(&text).expect("the head is right");
        let printed = examples(&rule).expect_err("the examples are wrong")[0].to_string();
        assert!(printed.contains(expected), "{printed}");
    };
    check("## Baad\n```tf main.tf\n```\n", "a file outside an example");
    check("## Bad\n```tf\n```\n", "names a language and a file");
    check("## Bad\n", "has no file");
    check("## Bad\n```tf main.tf\n", "not closed");
    check("## Bad\n```tf ../main.tf\n```\n", "no path inside a repository");
    check("## Bad\n```tf a\n```\n```tf a\n```\n", "has a file `a` already");
    check("## Bad\n```tf a\nx\n #   ^^ here\n```\n", "do not stand below text");
    check("## Good\n```tf a\n```\n```output\n```\n", "only a Bad example has output");
    check("## Never unknown\n", "say why");
}
