//! What the keys of the front matter mean. Everything is checked here that needs no model: words of fixed lists, shapes
//! of ids, types of parameters.

use std::collections::BTreeMap;
use std::ops::Range;

use super::flow::{Entry, Form, Node};
use super::{Each, Excerpt, FixAction, FixSpec, FixTarget, Reads, RuleSource, cover};
use crate::finding::{Confidence, Cover, Param, Profile, RuleState, Safety, Severity};
use crate::rule::RuleError;

const KEYS: [&str; 15] = [
    "severity",
    "each",
    "tags",
    "covers",
    "profile",
    "confidence",
    "state",
    "since",
    "replaced-by",
    "aliases",
    "absorbs",
    "params",
    "message",
    "fix",
    "reads",
];

/// The keys with their values; what is not written has its default.
#[derive(Default)]
pub(super) struct Front {
    pub(super) severity: Option<Severity>,
    pub(super) each: Option<(Each, Range<usize>)>,
    pub(super) tags: Vec<String>,
    pub(super) covers: Vec<Cover>,
    pub(super) profile: Profile,
    pub(super) confidence: Option<Confidence>,
    pub(super) state: RuleState,
    pub(super) since: Option<String>,
    pub(super) replaced_by: Option<String>,
    pub(super) aliases: Vec<String>,
    pub(super) absorbs: Vec<String>,
    pub(super) params: BTreeMap<String, Param>,
    pub(super) message: Option<Excerpt>,
    pub(super) fix: Option<FixSpec>,
    pub(super) reads: Reads,
}

pub(super) fn interpret(source: &RuleSource, entries: Vec<Entry<'_>>, errors: &mut Vec<RuleError>) -> Front {
    let mut front = Front::default();
    for entry in entries {
        if let Err(error) = set(source, &mut front, entry, errors) {
            errors.push(error);
        }
    }
    front
}

/// One key. Errors of single list items go to `errors`, so that one wrong item does not hide the next.
fn set(source: &RuleSource, front: &mut Front, entry: Entry<'_>, errors: &mut Vec<RuleError>) -> Result<(), RuleError> {
    let Entry { key, key_range, value } = entry;
    match key {
        "severity" => front.severity = Some(one_of(source, &value, &Severity::ALL, Severity::name)?),
        "profile" => front.profile = one_of(source, &value, &Profile::ALL, Profile::name)?,
        "confidence" => front.confidence = Some(one_of(source, &value, &Confidence::ALL, Confidence::name)?),
        "state" => front.state = one_of(source, &value, &RuleState::ALL, RuleState::name)?,
        "each" => front.each = Some((each(source, &value)?, value.range)),
        "since" => front.since = Some(text(source, &value)?.to_owned()),
        "replaced-by" => front.replaced_by = Some(id(source, &value)?),
        "tags" => front.tags = texts(source, &value, errors)?,
        "aliases" => front.aliases = items(source, &value, errors, id)?,
        "absorbs" => front.absorbs = items(source, &value, errors, id)?,
        "covers" => front.covers = items(source, &value, errors, cover_of)?,
        "params" => front.params = params(source, value, errors)?,
        "message" => {
            let text = text(source, &value)?.to_owned();
            front.message = Some(Excerpt { text: text.into(), range: value.range });
        }
        "fix" => front.fix = Some(fix(source, value)?),
        "reads" => {
            for word in items(source, &value, errors, |source, node| one_of(source, node, &Read::ALL, Read::name))? {
                match word {
                    Read::Names => front.reads.names = true,
                    Read::Literals => front.reads.literals = true,
                    Read::Layout => front.reads.layout = true,
                }
            }
        }
        other => {
            let error = source.error(key_range, format!("unknown key `{other}`"));
            return Err(error.offer(other, KEYS));
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Read {
    Names,
    Literals,
    Layout,
}

impl Read {
    const ALL: [Read; 3] = [Read::Names, Read::Literals, Read::Layout];

    fn name(self) -> &'static str {
        match self {
            Read::Names => "names",
            Read::Literals => "literals",
            Read::Layout => "layout",
        }
    }
}

fn one_of<T: Copy>(
    source: &RuleSource,
    node: &Node<'_>,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, RuleError> {
    let word = text(source, node)?;
    match all.iter().find(|one| name(**one) == word) {
        Some(one) => Ok(*one),
        None => {
            let names: Vec<&str> = all.iter().map(|one| name(*one)).collect();
            Err(source.error(node.range.clone(), format!("`{word}` is not known here")).offer(word, names))
        }
    }
}

fn text<'a>(source: &RuleSource, node: &'a Node<'_>) -> Result<&'a str, RuleError> {
    match &node.kind {
        Form::Plain(text) => Ok(text),
        Form::Quoted(text) => Ok(text),
        Form::List(_) | Form::Map(_) => Err(source.error(node.range.clone(), "expected one text")),
    }
}

fn items<T>(
    source: &RuleSource,
    node: &Node<'_>,
    errors: &mut Vec<RuleError>,
    item: impl Fn(&RuleSource, &Node<'_>) -> Result<T, RuleError>,
) -> Result<Vec<T>, RuleError> {
    let Form::List(nodes) = &node.kind else {
        return Err(source.error(node.range.clone(), "expected a list: `[a, b]`"));
    };
    let mut good = Vec::new();
    for node in nodes {
        match item(source, node) {
            Ok(item) => good.push(item),
            Err(error) => errors.push(error),
        }
    }
    Ok(good)
}

fn texts(source: &RuleSource, node: &Node<'_>, errors: &mut Vec<RuleError>) -> Result<Vec<String>, RuleError> {
    items(source, node, errors, |source, node| text(source, node).map(str::to_owned))
}

fn id(source: &RuleSource, node: &Node<'_>) -> Result<String, RuleError> {
    let id = text(source, node)?;
    if super::is_id(id) {
        return Ok(id.to_owned());
    }
    Err(source.error(node.range.clone(), format!("`{id}` is no rule id: lower case, digits, single hyphens")))
}

fn cover_of(source: &RuleSource, node: &Node<'_>) -> Result<Cover, RuleError> {
    cover::parse(text(source, node)?).map_err(|refused| {
        source.error(node.range.clone(), refused.message).offer(&refused.word, refused.right.iter().copied())
    })
}

/// An entity's name, or `resource("aws_a", "data.aws_b")`.
fn each(source: &RuleSource, node: &Node<'_>) -> Result<Each, RuleError> {
    let written = text(source, node)?;
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if is_name(written) {
        return Ok(Each::Entity(written.to_owned()));
    }
    let wrong = || {
        let message = "expected the name of an entity, or `resource(\"aws_type\", …)`";
        source.error(node.range.clone(), message)
    };
    let inside = written.strip_prefix("resource(").and_then(|rest| rest.strip_suffix(')')).ok_or_else(wrong)?;
    let mut types = Vec::new();
    for argument in inside.split(',') {
        let quoted = argument.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(wrong)?;
        if !is_name(quoted.strip_prefix("data.").unwrap_or(quoted)) {
            return Err(wrong());
        }
        types.push(quoted.to_owned());
    }
    Ok(Each::Resource(types))
}

fn params(
    source: &RuleSource,
    node: Node<'_>,
    errors: &mut Vec<RuleError>,
) -> Result<BTreeMap<String, Param>, RuleError> {
    let Form::Map(entries) = node.kind else {
        return Err(source.error(node.range, "expected parameters with their defaults: `{days: 365}`"));
    };
    let mut params = BTreeMap::new();
    for entry in entries {
        let is_name = entry.key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !is_name {
            errors.push(source.error(entry.key_range, "a parameter's name is lower case, digits and `_`"));
            continue;
        }
        let param = param(source, &entry.value)?;
        if params.insert(entry.key.to_owned(), param).is_some() {
            errors.push(source.error(entry.key_range, "this parameter stands here twice"));
        }
    }
    Ok(params)
}

fn param(source: &RuleSource, node: &Node<'_>) -> Result<Param, RuleError> {
    match &node.kind {
        Form::Quoted(text) => Ok(Param::Text(text.clone().into_owned())),
        Form::Plain(word) => match *word {
            "true" => Ok(Param::Bool(true)),
            "false" => Ok(Param::Bool(false)),
            "null" | "~" => Err(source.error(node.range.clone(), "a parameter has a value")),
            word => match word.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Param::Number(number)),
                Ok(_) | Err(_) => Ok(Param::Text(word.to_owned())),
            },
        },
        Form::List(items) => {
            let texts = items.iter().map(|item| text(source, item).map(str::to_owned));
            Ok(Param::Texts(texts.collect::<Result<_, _>>()?))
        }
        Form::Map(_) => Err(source.error(node.range.clone(), "a parameter is a value or a list of texts")),
    }
}

/// `{set: <target> = <literal>, safety: …}`, `{remove: <target>, …}` or `{edit: <name>, …}`.
fn fix(source: &RuleSource, node: Node<'_>) -> Result<FixSpec, RuleError> {
    let Form::Map(entries) = node.kind else {
        return Err(source.error(node.range, "expected `{set: property = literal, safety: safe}`"));
    };
    let mut action = None;
    let mut safety = None;
    for entry in entries {
        let next = match entry.key {
            "safety" => {
                safety =
                    Some(one_of(source, &entry.value, &[Safety::Safe, Safety::Unsafe, Safety::Show], Safety::name)?);
                continue;
            }
            "set" => {
                let (target, literal) = text(source, &entry.value)?
                    .split_once('=')
                    .ok_or_else(|| source.error(entry.value.range.clone(), "expected `property = literal`"))?;
                FixAction::Set { target: target_of(source, &entry.value, target)?, literal: literal.trim().to_owned() }
            }
            "remove" => FixAction::Remove(target_of(source, &entry.value, text(source, &entry.value)?)?),
            "edit" => FixAction::Edit(id(source, &entry.value)?),
            other => {
                let error = source.error(entry.key_range, format!("unknown key `{other}`"));
                return Err(error.offer(other, ["set", "remove", "edit", "safety"]));
            }
        };
        if action.replace(next).is_some() {
            return Err(source.error(entry.key_range, "a fix does one thing"));
        }
    }
    let action = action.ok_or_else(|| source.error(node.range.clone(), "a fix says `set`, `remove` or `edit`"))?;
    let safety = safety.ok_or_else(|| source.error(node.range.clone(), "`safety` is missing: safe, unsafe or show"))?;
    Ok(FixSpec { action, safety, range: node.range })
}

fn target_of(source: &RuleSource, node: &Node<'_>, written: &str) -> Result<FixTarget, RuleError> {
    let written = written.trim();
    if let Some(path) = written.strip_prefix("attr(\"").and_then(|rest| rest.strip_suffix("\")")) {
        return Ok(FixTarget::Attribute(path.to_owned()));
    }
    let is_path = written.split('.').all(|part| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    });
    if is_path {
        return Ok(FixTarget::Property(written.to_owned()));
    }
    Err(source.error(node.range.clone(), "expected a property, or `attr(\"path\")` under `resource(…)`"))
}
