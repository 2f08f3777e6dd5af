//! Rules as SARIF wants them. The text depends on the rule file and the version alone, never on a result: otherwise each
//! scan would bring new rules.

use crate::finding::{Confidence, RuleMeta, Severity};
use crate::report::page_url;

use super::types::{Configuration, Help, Rule, RuleProperties, Text};

/// GitHub refuses longer descriptions.
const LONGEST: usize = 1_024;
const LONGEST_NAME: usize = 255;
/// GitHub shows ten tags of twenty.
const TAGS: usize = 10;

pub(super) fn rule(meta: &RuleMeta) -> Rule {
    let url = page_url(meta);
    Rule {
        id: meta.id.clone(),
        name: pascal_case(&meta.id),
        short_description: Text { text: clip(&plain(&meta.title), LONGEST) },
        full_description: Text { text: full_description(meta) },
        help: Help { text: help_text(meta), markdown: help_markdown(meta, url.as_deref()) },
        help_uri: url,
        default_configuration: Configuration { level: level(meta.severity) },
        properties: properties(meta),
    }
}

/// How GitHub's alert list orders: high and critical fail, medium warns, the rest is a note.
pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn properties(meta: &RuleMeta) -> RuleProperties {
    let mut tags = Vec::new();
    if meta.severity != Severity::Info {
        tags.push("security".to_owned());
    }
    tags.push(meta.area.to_string());
    for tag in &meta.tags {
        let lower = tag.to_lowercase();
        let tag = if lower.starts_with("cwe-") { format!("external/cwe/{lower}") } else { tag.clone() };
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags.truncate(TAGS);
    RuleProperties {
        tags,
        precision: match meta.confidence {
            Confidence::Certain => "very-high",
            Confidence::Likely => "high",
            Confidence::Possible => "medium",
        },
        security_severity: match meta.severity {
            Severity::Critical => Some("9.5"),
            Severity::High => Some("8.0"),
            Severity::Medium => Some("5.5"),
            Severity::Low => Some("2.0"),
            Severity::Info => None,
        },
        problem_severity: (meta.severity == Severity::Info).then_some("recommendation"),
    }
}

fn full_description(meta: &RuleMeta) -> String {
    let paragraph = meta.page.summary().split("\n\n").find(|text| !text.trim().is_empty()).unwrap_or(&meta.title);
    let text = plain(paragraph);
    if text.chars().count() < LONGEST {
        return text;
    }
    let clipped = clip(&text, LONGEST - 1);
    match clipped.rfind(". ") {
        Some(end) => clipped[..=end].to_owned(),
        None => clipped,
    }
}

fn help_text(meta: &RuleMeta) -> String {
    meta.page.markdown().lines().filter(|line| !line.starts_with("```")).map(plain_line).collect::<Vec<_>>().join("\n")
}

fn help_markdown(meta: &RuleMeta, url: Option<&str>) -> String {
    let mut text = meta.page.markdown().trim_end().to_owned();
    text.push_str(&format!("\n\nTo accept it: `# secure-lint: allow {} -- <reason>`\n", meta.id));
    if let Some(url) = url {
        text.push_str(&format!("\n[The rule file]({url})\n"));
    }
    text
}

/// Markdown without its marks, on one line.
fn plain(markdown: &str) -> String {
    plain_line(&markdown.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn plain_line(line: &str) -> String {
    line.trim_start_matches(['#', ' ']).replace("**", "").replace('`', "")
}

fn clip(text: &str, longest: usize) -> String {
    text.chars().take(longest).collect()
}

/// `task-with-public-ip` as `TaskWithPublicIp`. Two capitals in a row are no Pascal case to validators, so the word
/// behind a single letter stays small: `StateInAlocalFile`.
fn pascal_case(id: &str) -> String {
    let mut name = String::new();
    let mut is_behind_letter = false;
    for word in id.split(['-', '_', '/']) {
        let mut chars = word.chars();
        if let Some(first) = chars.next() {
            if is_behind_letter {
                name.push(first);
            } else {
                name.extend(first.to_uppercase());
            }
            name.push_str(chars.as_str());
        }
        is_behind_letter = word.len() == 1;
    }
    clip(&name, LONGEST_NAME)
}

#[cfg(test)]
mod tests {
    use crate::finding::Severity;
    use crate::finding::testing::{page, rule as meta};

    #[test]
    fn says_what_github_sorts_by() {
        let rule = super::rule(&meta("task-with-public-ip", Severity::Critical));
        assert_eq!(rule.name, "TaskWithPublicIp");
        assert_eq!(super::pascal_case("state-in-a-local-file"), "StateInAlocalFile");
        assert_eq!(rule.properties.tags, ["security", "network", "external/cwe/cwe-284"]);
        assert_eq!(rule.properties.security_severity, Some("9.5"));
        let rule = super::rule(&meta("some-hint", Severity::Info));
        assert_eq!(rule.properties.tags[0], "network");
        assert_eq!(rule.properties.problem_severity, Some("recommendation"));
    }

    #[test]
    fn long_texts_end_at_a_sentence() {
        let mut rule = (*meta("x", Severity::Low)).clone();
        rule.title = "t".repeat(2_000);
        rule.page = page("# T\n\n", &format!("One sentence. {}", "x".repeat(2_000)));
        let rule = super::rule(&rule);
        assert_eq!(rule.short_description.text.len(), 1_024);
        assert_eq!(rule.full_description.text, "One sentence.");
    }
}
