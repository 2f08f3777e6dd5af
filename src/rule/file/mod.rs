//! One rule file: what it says of itself, and where its condition and its page stand. Read at every start for every
//! rule, so nothing is done here that can wait: examples are read by `rule::example`, conditions by
//! `rule::condition`, when somebody asks.

mod cover;
mod flow;
mod front;
mod sections;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::RuleError;
use crate::finding::{Confidence, Page, RuleMeta, Safety};

pub(crate) use cover::{folded, peer_of};
pub(crate) use sections::{Fence, Part, parts};

/// The text of a rule file and where it lies.
#[derive(Clone, Debug)]
pub struct RuleSource {
    /// `rules/network/internet-facing-task.md`.
    pub path: Cow<'static, str>,
    /// The folder below the folder of rules; `own` for a user's file without one.
    pub area: Cow<'static, str>,
    pub text: Cow<'static, str>,
}

impl RuleSource {
    /// A user's file at `path` in the folder of rules `folder`.
    pub fn new(folder: &str, path: &str, text: String) -> RuleSource {
        let area = path.split_once('/').map_or("own", |(area, _)| area);
        let separator = if folder.is_empty() || folder.ends_with('/') { "" } else { "/" };
        let path = format!("{folder}{separator}{path}");
        RuleSource { path: path.into(), area: area.to_owned().into(), text: text.into() }
    }

    /// A built-in file, `rules/<area>/<id>.md`.
    pub(super) fn builtin(path: &'static str, text: &'static str) -> RuleSource {
        let area = path.split('/').nth(1).unwrap_or("own");
        RuleSource { path: path.into(), area: area.into(), text: text.into() }
    }

    /// The file's name without its ending.
    pub fn id(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.strip_suffix(".md").unwrap_or(name)
    }

    /// A part of the text; of a built-in rule's without a copy.
    fn part(&self, range: Range<usize>) -> Cow<'static, str> {
        match &self.text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[range]),
            Cow::Owned(text) => Cow::Owned(text[range].to_owned()),
        }
    }

    pub fn error(&self, range: Range<usize>, message: impl Into<String>) -> RuleError {
        RuleError::new(&self.path, &self.text, range, message)
    }
}

/// A part of the file with the bytes it stands at. For a message in quotes with escapes the bytes are those of the
/// quoted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    pub text: Cow<'static, str>,
    pub range: Range<usize>,
}

/// What each verdict of a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Each {
    /// An entity or a view of the model; `suppression` for the rules that triage judges.
    Entity(String),
    /// Terraform blocks of these types (`aws_a`, `data.aws_b`), for attributes that no entity carries.
    Resource(Vec<String>),
}

/// What a rule judges of how something is written; the derived tests leave it out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    pub names: bool,
    pub literals: bool,
    pub layout: bool,
}

/// A change that makes the finding go away, as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixSpec {
    pub action: FixAction,
    pub safety: Safety,
    pub range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FixAction {
    /// The literal as it is written into the file.
    Set {
        target: FixTarget,
        literal: String,
    },
    Remove(FixTarget),
    /// A named edit that stands in Rust beside its language.
    Edit(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FixTarget {
    /// A path of properties from the rule's entity.
    Property(String),
    /// A path of attributes, under `resource(…)`.
    Attribute(String),
}

/// A rule as its file tells it, without the meaning of its condition.
#[derive(Clone, Debug)]
pub struct RuleFile {
    pub meta: Arc<RuleMeta>,
    pub each: Each,
    pub each_range: Range<usize>,
    /// The text of the `hcl require` fence; none for the rules that triage judges.
    pub condition: Option<Excerpt>,
    pub message: Option<Excerpt>,
    pub fix: Option<FixSpec>,
    pub reads: Reads,
    pub source: Arc<RuleSource>,
    /// Where the page's text begins, behind the heading.
    pub(crate) body: usize,
}

impl RuleFile {
    /// Reads front matter, heading and the place of the condition; all that is wrong with them at once.
    pub fn read(source: RuleSource) -> Result<RuleFile, Vec<RuleError>> {
        let mut errors = Vec::new();
        let text = &source.text;
        if !is_id(source.id()) {
            let message = format!("`{}` is no rule id: lower case, digits, single hyphens", source.id());
            errors.push(source.error(0..0, message));
        }
        let Some((inside, behind)) = front_matter(text) else {
            errors.push(source.error(0..0, "a rule file begins with front matter between two lines `---`"));
            return Err(errors);
        };
        let before = errors.len();
        let entries = flow::entries(&source, inside.clone(), &mut errors);
        let front = front::interpret(&source, entries, &mut errors);
        let reads_all = errors.len() == before;
        if front.severity.is_none() && reads_all {
            errors.push(source.error(0..3, "`severity` is missing"));
        }
        if front.each.is_none() && reads_all {
            errors.push(source.error(0..3, "`each` is missing: what is each verdict about?"));
        }
        let heading = heading(&source, behind).map_err(|error| errors.push(error)).ok();
        let (Some(severity), Some((each, each_range)), Some(heading)) = (front.severity, front.each, heading) else {
            return Err(errors);
        };
        let body = heading.body;
        let (summary, condition) = head(&source, &each, body, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        let meta = RuleMeta {
            id: source.id().to_owned(),
            area: source.area.clone(),
            title: heading.title,
            severity,
            confidence: front.confidence.unwrap_or(Confidence::Certain),
            profile: front.profile,
            state: front.state,
            since: front.since,
            replaced_by: front.replaced_by,
            aliases: front.aliases,
            absorbs: front.absorbs,
            tags: front.tags,
            covers: front.covers,
            each: each.text(),
            page: Page::new(text.clone(), heading.start, summary),
            has_fix: front.fix.is_some(),
            params: front.params,
            path: source.path.clone(),
        };
        Ok(RuleFile {
            meta: Arc::new(meta),
            each,
            each_range,
            condition,
            message: front.message,
            fix: front.fix,
            reads: front.reads,
            source: Arc::new(source),
            body,
        })
    }

    pub fn id(&self) -> &str {
        &self.meta.id
    }

    /// Compiled in, not read from a folder: its text lives as long as the program.
    pub fn is_builtin(&self) -> bool {
        matches!(self.source.text, Cow::Borrowed(_))
    }

    /// Whether triage judges this rule, which then has no condition.
    pub fn is_about_suppressions(&self) -> bool {
        is_suppression(&self.each)
    }
}

impl Each {
    /// As it is written.
    fn text(&self) -> String {
        match self {
            Each::Entity(name) => name.clone(),
            Each::Resource(types) => {
                let quoted: Vec<String> = types.iter().map(|name| format!("\"{name}\"")).collect();
                format!("resource({})", quoted.join(", "))
            }
        }
    }
}

/// Lower case, digits and single hyphens between them.
pub(crate) fn is_id(id: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    id.split('-').all(is_part)
}

fn is_suppression(each: &Each) -> bool {
    matches!(each, Each::Entity(name) if name == "suppression")
}

/// The bytes of the lines between the two `---`, and where the page begins.
fn front_matter(text: &str) -> Option<(Range<usize>, usize)> {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().filter(|line| line.trim_end() == "---")?;
    let mut at = first.len();
    for line in lines {
        if line.trim_end() == "---" {
            return Some((first.len()..at, at + line.len()));
        }
        at += line.len();
    }
    None
}

struct Heading {
    title: String,
    start: usize,
    /// Behind its line.
    body: usize,
}

/// The first line of the page that is not blank.
fn heading(source: &RuleSource, from: usize) -> Result<Heading, RuleError> {
    let mut start = from;
    for line in source.text[from..].split_inclusive('\n') {
        let content = line.trim_end();
        if content.is_empty() {
            start += line.len();
            continue;
        }
        let title = content.strip_prefix("# ").map(str::trim).filter(|title| !title.is_empty());
        let Some(title) = title else {
            let message = "a page begins with its heading: `# What can happen, in the user's words`";
            return Err(source.error(start..start + content.len(), message));
        };
        return Ok(Heading { title: title.to_owned(), start, body: start + line.len() });
    }
    Err(source.error(from.saturating_sub(1)..from, "the page is missing"))
}

/// What stands before the first example: the prose up to the first fence, and the `hcl require` fence.
fn head(source: &RuleSource, each: &Each, body: usize, errors: &mut Vec<RuleError>) -> (Range<usize>, Option<Excerpt>) {
    let mut prose_end = None;
    let mut found: Option<Excerpt> = None;
    for part in parts(&source.text, body) {
        let fence = match part {
            Part::Heading { level: 2, start, .. } => {
                prose_end.get_or_insert(start);
                break;
            }
            Part::Heading { .. } => continue,
            Part::Fence(fence) => fence,
        };
        prose_end.get_or_insert(fence.whole.start);
        let mut words = source.text[fence.info.clone()].split_ascii_whitespace();
        if words.next() != Some("hcl") || words.next() != Some("require") {
            continue;
        }
        if !fence.is_closed {
            errors.push(source.error(fence.whole.clone(), "this fence is not closed"));
        }
        if found.is_some() {
            errors.push(source.error(fence.whole.clone(), "a rule has one condition"));
            break;
        }
        found = Some(Excerpt { text: source.part(fence.body.clone()), range: fence.body });
    }
    match (&found, is_suppression(each)) {
        (None, false) => {
            let message = "the condition is missing: a fence ```hcl require before the first example";
            errors.push(source.error(body.saturating_sub(1)..body, message));
        }
        (Some(found), true) => {
            errors.push(source.error(found.range.clone(), "rules about suppressions have no condition"));
        }
        (Some(found), false) if found.text.trim().is_empty() => {
            errors.push(source.error(found.range.clone(), "the condition is empty"));
        }
        (Some(_), false) | (None, true) => {}
    }
    (body..prose_end.unwrap_or(source.text.len()), found)
}
