//! The keys of the file, one after the other.

use toml::de::DeValue;

use crate::finding::{Confidence, Profile, Severity};
use crate::source::TextError;

use super::reader::{Reader, Value, entries};
use super::{Config, FailOn, Foreign, Named, Preview, RuleParams, allow, github};

/// All keys at the top, for suggestions.
pub(super) const KEYS: [&str; 24] = [
    "profile",
    "fail-on",
    "confidence",
    "select",
    "ignore",
    "preview",
    "require-complete",
    "accept-incomplete",
    "include",
    "exclude",
    "ignore-files",
    "max-file-size",
    "rules",
    "baseline",
    "foreign-suppressions",
    "require-reason",
    "longest-suppression",
    "sarif-profile",
    "severity",
    "params",
    "root",
    "github",
    "roles",
    "allow",
];

const SEVERITIES: [&str; 5] = ["critical", "high", "medium", "low", "info"];

impl Config {
    /// Reads a file; with anything wrong in it, all of that is told.
    pub fn read(path: &str, text: &str) -> (Config, Vec<TextError>) {
        let mut reader = Reader::new(path, text);
        let table = reader.parse();
        let mut config = Config::default();
        for (key, value) in entries(&table) {
            set(&mut reader, &mut config, &key, value);
        }
        let mut errors = reader.errors;
        errors.sort_by_key(|error| (error.line, error.column));
        (config, errors)
    }
}

fn set<'t>(reader: &mut Reader<'t>, config: &mut Config, key: &Named, value: &Value<'t>) {
    match key.text.as_str() {
        "profile" => config.profile = reader.word(value, &["default", "strict", "audit"], Profile::parse),
        "fail-on" => {
            config.fail_on = reader.word(value, &["critical", "high", "medium", "low", "info", "never"], FailOn::parse);
        }
        "confidence" => {
            config.confidence = reader.word(value, &["certain", "likely", "possible"], Confidence::parse);
        }
        "select" => config.select = reader.texts(value),
        "ignore" => config.ignore = reader.texts(value),
        "preview" => config.preview = preview(reader, value),
        "require-complete" => config.require_complete = reader.boolean(value),
        "accept-incomplete" => config.accept_incomplete = reader.plain_texts(value),
        "include" => config.include = reader.plain_texts(value),
        "exclude" => config.exclude = reader.plain_texts(value),
        "ignore-files" => config.ignore_files = reader.boolean(value),
        "max-file-size" => config.max_file_size = reader.size(value),
        "rules" => config.rules = Some(reader.texts(value)),
        "baseline" => config.baseline = reader.text(value).filter(|named| !named.text.is_empty()),
        "foreign-suppressions" => {
            config.foreign = reader.word(value, &["honour", "report", "off"], foreign).unwrap_or_default();
        }
        "require-reason" => config.require_reason = reader.boolean(value),
        "longest-suppression" => {
            let days = reader.number(value).and_then(|days| u32::try_from(days).ok());
            config.longest_suppression = days.filter(|days| *days > 0);
        }
        "sarif-profile" => {
            let words = ["github", "full"];
            let _ = reader.word(value, &words, |text| words.contains(&text).then_some(()));
            config.sarif_profile = value.get_ref().as_str().map(|text| Named::new(text, value.span()));
        }
        "severity" => config.severity = severities(reader, value),
        "params" => config.params = params(reader, value),
        "root" => config.roots = github::roots(reader, value),
        "github" => config.github = github::read(reader, value),
        "roles" => config.roles = github::roles(reader, value),
        "allow" => config.allow = allow::read(reader, value),
        _ => reader.unknown_key(key, &KEYS),
    }
}

fn foreign(text: &str) -> Option<Foreign> {
    match text {
        "honour" => Some(Foreign::Honour),
        "report" => Some(Foreign::Report),
        "off" => Some(Foreign::Off),
        _ => None,
    }
}

fn preview<'t>(reader: &mut Reader<'t>, value: &Value<'t>) -> Preview {
    match value.get_ref() {
        DeValue::Boolean(true) => Preview::On,
        DeValue::Boolean(false) => Preview::Off,
        DeValue::Array(_) => Preview::Rules(reader.texts(value)),
        _ => {
            reader.fault(value.span(), "expected true, false or a list of preview rules");
            Preview::Off
        }
    }
}

fn severities<'t>(reader: &mut Reader<'t>, value: &Value<'t>) -> Vec<(Named, Severity)> {
    let Some(table) = reader.table(value) else { return Vec::new() };
    let mut severities = Vec::new();
    for (rule, value) in entries(table) {
        if let Some(severity) = reader.word(value, &SEVERITIES, Severity::parse) {
            severities.push((rule, severity));
        }
    }
    severities
}

fn params<'t>(reader: &mut Reader<'t>, value: &Value<'t>) -> Vec<RuleParams> {
    let Some(table) = reader.table(value) else { return Vec::new() };
    let mut all = Vec::new();
    for (rule, value) in entries(table) {
        let Some(table) = reader.table(value) else { continue };
        let mut values = Vec::new();
        for (name, value) in entries(table) {
            if let Some(param) = reader.param(value) {
                values.push((name, param, value.span()));
            }
        }
        all.push(RuleParams { rule, values });
    }
    all
}
